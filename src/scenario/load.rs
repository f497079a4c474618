//! From a path to a scenario that holds together: read, join with its bases, override, check.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use toml_edit::Document;

use super::inspect::inspect;
use super::merge::{lay, switch_off};
use super::overrides::{apply, parts};
use super::problem::{Class, Problem, ScenarioError, clipped, nearest, quoted};
use super::shape::{Form, Shapes};
use super::source::{LARGEST, Place, Sources, Unreadable, read_file};
use super::tree::{Node, What, from_table, locate};
use super::{Checked, Issue};

/// A scenario that was read and found right.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded<T> {
    /// What the files and overrides come to.
    pub scenario: T,
    /// The file's name without its ending.
    pub name: String,
    /// The question that the scenario asks, from its opening comment.
    pub question: Option<String>,
    /// The whole scenario as TOML, bases and overrides worked in. Read again it gives an equal one.
    pub resolved: String,
    /// 16 hex digits that name the values of the scenario, whatever files they came from.
    pub hash: String,
    /// The file, its base, the base's base, and so on.
    pub files: Vec<PathBuf>,
    /// What is allowed and yet perhaps not meant, of keys that the file or an override sets. A base may
    /// be made for longer runs: it is not remarked upon.
    pub remarks: Vec<Problem>,
}

/// Reads the scenario at `path` and puts `overrides` (each `KEY=VALUE`) on top of it.
///
/// # Errors
/// Everything that is wrong with its shape and ranges is reported at once; what only serde, or the
/// checks across keys, can find comes after that is right.
pub fn load_as<T: Checked>(path: &Path, overrides: &[String]) -> Result<Loaded<T>, ScenarioError> {
    Draft::read(path)?.load(overrides)
}

/// The same, with some files known beforehand, each by its path with its text: a file that is
/// `shipped` within the program is not looked for on the disk.
///
/// # Errors
/// As of [`load_as`].
pub fn load_among<T: Checked>(
    path: &Path,
    shipped: &[(&str, &str)],
    overrides: &[String],
) -> Result<Loaded<T>, ScenarioError> {
    Draft::read_among(path, shipped)?.load(overrides)
}

/// The files of a scenario, read and joined once, for overrides that are put on top many times: files
/// that change in the meantime change nothing.
#[derive(Debug)]
pub struct Draft<T> {
    shapes: Shapes,
    sources: Sources,
    tree: Node,
    files: Vec<PathBuf>,
    of: PhantomData<fn() -> T>,
}

/// What kind of value belongs at a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyKind {
    /// A number; whether it must be whole.
    Number {
        /// No fraction.
        whole: bool,
    },
    /// A duration.
    Span,
    /// `true` or `false`.
    Truth,
    /// A table that names one of these variants.
    Variant(Vec<String>),
    /// Text, a list, a table, or what only serde can judge.
    Other,
}

impl<T: Checked> Draft<T> {
    /// Reads the scenario at `path` and its bases.
    ///
    /// # Errors
    /// When one of them cannot be read or is not TOML.
    pub fn read(path: &Path) -> Result<Draft<T>, ScenarioError> {
        Draft::read_among(path, &[])
    }

    /// The same, with the texts of some files, by their paths, known beforehand.
    ///
    /// # Errors
    /// As of [`Draft::read`].
    pub fn read_among(path: &Path, shipped: &[(&str, &str)]) -> Result<Draft<T>, ScenarioError> {
        let shapes = Shapes::of::<T>();
        let mut sources = Sources::default();
        let (mut layers, files) = read_chain(path, shipped, &mut sources)?;
        let mut tree = layers.pop().unwrap_or_else(|| Node::empty_table(Place::new(0, 0..0)));
        while let Some(over) = layers.pop() {
            lay(&mut tree, over, Some(&shapes.root), &shapes);
        }
        Ok(Draft { shapes, sources, tree, files, of: PhantomData })
    }

    /// The scenario with `overrides` (each `KEY=VALUE`) on top of it.
    ///
    /// # Errors
    /// As [`load_as`].
    pub fn load(&self, overrides: &[String]) -> Result<Loaded<T>, ScenarioError> {
        let Draft { shapes, files, .. } = self;
        let (mut sources, mut tree) = (self.sources.clone(), self.tree.clone());
        let mut problems = Vec::new();
        for text in overrides {
            problems.extend(apply(&mut tree, text, &mut sources, shapes).err().map(|wrong| *wrong));
        }
        switch_off(&mut tree, &shapes.root, shapes);
        tree.at = Place::new(0, 0..0);
        problems.extend(inspect(&tree, shapes, &sources));
        if !problems.is_empty() {
            return Err(ScenarioError::new(problems));
        }
        let scenario = build::<T>(&tree, &sources, shapes).map_err(ScenarioError::new)?;
        let body = toml::to_string(&scenario).map_err(|error| {
            let message = format!("the scenario cannot be written back as TOML: {error}");
            Problem::of_file(Class::Inconsistent, &sources.get(0).name, message)
        })?;
        let question = first_comment(&sources.get(0).text);
        let resolved = match &question {
            Some(question) => format!("# {question}\n\n{body}"),
            None => body.clone(),
        };
        let name = files[0].file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let hash = format!("{:016x}", fnv1a(body.as_bytes()));
        let remarks = scenario.remarks();
        let remarks = remarks.iter().map(|issue| crossed(&tree, &sources, issue));
        let remarks = remarks.filter(|problem| !problem.is_of_base()).collect();
        Ok(Loaded { scenario, name, question, resolved, hash, files: files.clone(), remarks })
    }

    /// What kind of value belongs at the dotted `key`; nothing where there is no such key.
    pub fn kind(&self, key: &str) -> Option<KeyKind> {
        let shapes = &self.shapes;
        let mut shape = &shapes.root;
        for name in parts(key) {
            shape = shapes.child(shape, &name)?;
        }
        Some(match &shapes.resolve(shape).form {
            Form::Number(bounds) => KeyKind::Number { whole: bounds.whole },
            Form::Span { .. } => KeyKind::Span,
            Form::Truth => KeyKind::Truth,
            Form::Variant { arms, .. } => {
                KeyKind::Variant(arms.iter().map(|(name, _)| name.clone()).collect())
            }
            _ => KeyKind::Other,
        })
    }
}

/// The text of a scenario file, as far as it can be had.
///
/// # Errors
/// When it cannot be read, is too large or not UTF-8.
pub fn read_text(path: &Path) -> Result<String, ScenarioError> {
    read_text_of("scenario", path)
}

/// The text of a file that is `what`, as far as it can be had.
///
/// # Errors
/// When it cannot be read, is too large or not UTF-8.
pub(crate) fn read_text_of(what: &str, path: &Path) -> Result<String, ScenarioError> {
    let mut sources = Sources::default();
    read_file(path).map_err(|why| unreadable(why, what, path, &None, &mut sources).into())
}

/// The question that a file's opening comment asks: its first paragraph up to a question mark, or its
/// first line where it has none.
pub fn first_comment(text: &str) -> Option<String> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let first = lines.skip_while(|line| line.is_empty()).take_while(|line| line.starts_with('#'));
    let words = first.map(|line| line.trim_start_matches('#').trim());
    let words = words.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    let paragraph: Vec<&str> = words.collect();
    let whole = paragraph.join(" ");
    match whole.find('?') {
        Some(end) => Some(whole[..=end].to_owned()),
        None => paragraph.first().map(|line| (*line).to_owned()),
    }
}

/// The 64-bit FNV-1a hash (Fowler, Noll and Vo; the constants are theirs).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// What is said where a key has no value; the parser takes it for text without quotes.
pub(super) const NO_VALUE: &str = "there is no value";

/// The trees of a file, its base, the base's base, …, and their paths.
type Chain = (Vec<Node>, Vec<PathBuf>);

/// Reads a file and all its bases.
fn read_chain(
    path: &Path,
    shipped: &[(&str, &str)],
    sources: &mut Sources,
) -> Result<Chain, Box<Problem>> {
    let read = |path: &Path| match shipped.iter().find(|(name, _)| path == Path::new(name)) {
        Some((_, text)) => Ok((*text).to_owned()),
        None => read_file(path),
    };
    let (mut layers, mut files, mut seen) = (Vec::new(), vec![path.to_path_buf()], Vec::new());
    let mut named_at: Option<Place> = None;
    loop {
        let path = files[files.len() - 1].clone();
        // Two paths may mean one file; a file that cannot be found is reported when it is read.
        let identity = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if let (true, Some(at)) = (seen.contains(&identity), &named_at) {
            let chain: Vec<_> = files.iter().map(|f| f.display().to_string()).collect();
            let message = "the bases form a circle".to_owned();
            let problem = Problem::at(sources, at, Class::Base, message).key("base");
            return Err(problem.note(chain.join(" -> ")).into());
        }
        seen.push(identity);
        let text =
            read(&path).map_err(|why| unreadable(why, "scenario", &path, &named_at, sources))?;
        let name = path.display().to_string();
        let base_of = named_at.as_ref().map(|at| sources.get(at.source).name.clone());
        let source = sources.add(name, text, base_of);
        let mut root = parse(source, sources)?;
        named_at = None;
        if let What::Table(table) = &mut root.what
            && let Some(base) = table.remove("base")
        {
            let What::Text(other) = &base.node.what else {
                let message = "`base` has the wrong type".to_owned();
                let problem = Problem::at(sources, &base.node.at, Class::WrongType, message);
                let read = clipped(sources.read(&base.node.at));
                let allowed = "the path of a file, in quotes";
                return Err(problem.key("base").read(read).allowed(allowed).into());
            };
            files.push(path.parent().unwrap_or(Path::new("")).join(other));
            named_at = Some(base.node.at);
        }
        layers.push(root);
        if named_at.is_none() {
            return Ok((layers, files));
        }
    }
}

fn parse(source: usize, sources: &Sources) -> Result<Node, Box<Problem>> {
    let text = &sources.get(source).text;
    let document = Document::parse(text.as_str()).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let rest = text.get(span.start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let why = match error.message() {
            why if why.starts_with("string values must") && rest.trim().is_empty() => {
                NO_VALUE.into()
            }
            "integer number overflowed" => format!("whole numbers end at {}", i64::MAX),
            why => why.lines().collect::<Vec<_>>().join(", "),
        };
        let message = "this is not TOML".to_owned();
        let place = Place::new(source, span);
        Problem::at(sources, &place, Class::Syntax, message).note(why)
    })?;
    let at = Place::new(source, 0..0);
    let table = from_table(document.as_table(), &at);
    if table.is_empty() {
        let message = format!("the scenario {} is empty", quoted(&sources.get(source).name));
        let mut problem = Problem::of_file(Class::Empty, &sources.get(source).name, message);
        problem.notes.push("`brocante schema` tells which keys there are".to_owned());
        return Err(problem.into());
    }
    Ok(Node { what: What::Table(table), at })
}

/// Says why a file could not be read: at the `base` key that named it, where there is one.
fn unreadable(
    why: Unreadable,
    what: &str,
    path: &Path,
    named_at: &Option<Place>,
    sources: &mut Sources,
) -> Problem {
    let name = path.display().to_string();
    let shown = quoted(&name);
    let what = if named_at.is_some() { "base" } else { what };
    let limit = format!("{} bytes (1 MiB)", LARGEST);
    let message = match &why {
        Unreadable::Absent => format!("there is no {what} {shown}"),
        Unreadable::Directory => format!("the {what} {shown} is a directory"),
        Unreadable::NoFile => format!("the {what} {shown} is neither a file nor standard input"),
        Unreadable::TooLarge(_) => format!("the {what} {shown} is too large"),
        Unreadable::NotUtf8 { .. } => format!("the {what} {shown} is not UTF-8 text"),
        Unreadable::Io(error) => format!("the {what} {shown} cannot be read: {error}"),
    };
    if let Unreadable::NotUtf8 { lossy, at, byte, utf16 } = why {
        let base_of = named_at.as_ref().map(|at| sources.get(at.source).name.clone());
        let source = sources.add(name, lossy, base_of);
        let place = Place::new(source, at..at);
        let problem = Problem::at(sources, &place, Class::Unreadable, message);
        let problem = problem.read(format!("the byte 0x{byte:02x} at offset {at}"));
        return match utf16 {
            true => problem.note("it looks like UTF-16: save it as UTF-8"),
            false => problem,
        };
    }
    let mut problem = match named_at {
        Some(at) => Problem::at(sources, at, Class::Base, message).key("base"),
        None => Problem::of_file(Class::Unreadable, &name, message),
    };
    match why {
        Unreadable::Absent => problem.nearest = neighbour(path),
        Unreadable::Directory => problem.notes.push("name one of the files in it".to_owned()),
        Unreadable::TooLarge(size) => {
            problem.read = Some(match size {
                Some(size) => format!("{size} bytes"),
                None => "more than that".to_owned(),
            });
            problem.allowed = Some(format!("at most {limit}"));
        }
        _ => {}
    }
    problem
}

/// The scenario file beside `path` whose name is nearest.
fn neighbour(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).ok()?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    let wanted = path.file_name()?.to_str()?;
    let stem = |name: &str| name.trim_end_matches(".toml").to_owned();
    let stems: Vec<_> = names.iter().map(|name| stem(name)).collect();
    let found = nearest(&stem(wanted), stems.iter().map(String::as_str))?;
    Some(path.with_file_name(format!("{found}.toml")).display().to_string())
}

/// Makes the scenario of its tree, and holds it against the checks that its types declare.
fn build<T: Checked>(tree: &Node, sources: &Sources, shapes: &Shapes) -> Result<T, Vec<Problem>> {
    let scenario: T = serde_path_to_error::deserialize(tree.to_value())
        .map_err(|error| vec![refused(tree, sources, &error)])?;
    let mut problems = Vec::new();
    if let Err(report) = scenario.validate() {
        for (path, error) in report.iter() {
            let found = locate(tree, &path.to_string());
            let path = found.path();
            let message = format!("`{path}` is not allowed: {}", error.message());
            let mut problem = Problem::at(sources, found.mark(), Class::OutOfRange, message);
            problem.meaning = shapes.says(&found.steps);
            problems.push(problem.key(path));
        }
    }
    if problems.is_empty() {
        problems.extend(scenario.cross_check().iter().map(|issue| crossed(tree, sources, issue)));
    }
    if problems.is_empty() { Ok(scenario) } else { Err(problems) }
}

fn crossed(tree: &Node, sources: &Sources, issue: &Issue) -> Problem {
    let mark = locate(tree, &issue.path).mark().clone();
    let class = if issue.known.is_empty() { Class::Inconsistent } else { Class::UnknownName };
    let mut problem = Problem::at(sources, &mark, class, issue.message.clone());
    problem.key.clone_from(&issue.path);
    problem.read.clone_from(&issue.read);
    problem.allowed.clone_from(&issue.allowed);
    let wrong = issue.read.as_deref().unwrap_or_default();
    problem.know(wrong, issue.known.iter().map(String::as_str));
    problem
}

/// What only serde could find: a check within a type's own `Deserialize`, or the name of a map's key.
fn refused(
    tree: &Node,
    sources: &Sources,
    error: &serde_path_to_error::Error<toml::de::Error>,
) -> Problem {
    let path = error.path().to_string();
    let path = path.trim_matches(['.', '?']);
    let found = locate(tree, path);
    let text = error.inner().message();
    // serde quotes the name that it did not know, and then those that it does.
    let mut names = text.split('`').skip(1).step_by(2);
    let wrong = names.next().filter(|_| text.starts_with("unknown ")).unwrap_or_default();
    let key = found.node.as_table().and_then(|table| table.get(wrong));
    let mark = key.map_or(found.mark(), |entry| &entry.key_at);
    let first_line = text.lines().next().unwrap_or_default();
    if wrong.is_empty() {
        let message = match path {
            "" => format!("the scenario is not allowed: {first_line}"),
            _ => format!("`{path}` is not allowed: {first_line}"),
        };
        return Problem::at(sources, mark, Class::WrongType, message).key(path);
    }
    let message = match path {
        "" => format!("unknown name {}", quoted(wrong)),
        _ => format!("unknown name {} in `{path}`", quoted(wrong)),
    };
    let mut problem = Problem::at(sources, mark, Class::UnknownName, message).key(path);
    problem.know(wrong, names);
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv1a_gives_the_published_vectors() {
        // From the authors' list of test vectors.
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_question_is_the_first_words_of_the_opening_comment() {
        assert_eq!(first_comment("\n#\n## Why?  \n# more\na=1"), Some("Why?".to_owned()));
        let long = "# Question: what is\n# asked here, or there? It is\n# this.\n#\n# And?\na = 1";
        let whole = "Question: what is asked here, or there?";
        assert_eq!(first_comment(long).as_deref(), Some(whole));
        assert_eq!(first_comment("# One line.\n# Another."), Some("One line.".to_owned()));
        assert_eq!(first_comment("a = 1 # no\n# nor this"), None);
        assert_eq!(first_comment(""), None);
    }
}
