//! Redis over a Unix socket, where it is installed: a server of its own, without persistence.
//!
//! For every product there is a sorted set of the offers in stock, by score; a member is the row and the
//! countries it ships to, so that the client can tell which offers serve a shopper. A query asks for the
//! first 32, and for more only if these are not enough. A change is one command; a batch is one pipeline,
//! and no transaction: a reader may see half of one. (With a set for each product and country a query
//! takes as long, 5.5 us, and the server applied 60,000 changes a second at most: each is a command for
//! every one of the six countries that an offer serves.)
//!
//! The client speaks the protocol (RESP 2) itself, with one write and one read for a query: that is less
//! work than a general client does.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::market::{Change, Market, Query, SLATE};
use crate::peer::{Peer, Reader, Writer};

/// How often, and how long apart, the socket of a new server is tried.
const TRIES: (u32, Duration) = (500, Duration::from_millis(20));

/// A server of ours. It ends when this is dropped.
struct Server {
    process: Child,
    folder: TempDir,
}

impl Server {
    /// Starts a server on a core; nothing if Redis is not installed.
    fn start(core: Option<usize>) -> Result<Option<Server>> {
        let folder = TempDir::new()?;
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "no"]);
        command.arg("--dir").arg(folder.path()).arg("--unixsocket").arg(socket(&folder));
        if let Some(core) = core {
            // Newer versions know this name too, older ones no other.
            command.arg("--server_cpulist").arg(core.to_string());
        }
        let log = folder.path().join("log");
        command.stdin(Stdio::null()).stdout(File::create(&log)?).stderr(Stdio::null());
        let process = match command.spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            process => process.context("redis-server")?,
        };
        let mut server = Server { process, folder };
        for _ in 0..TRIES.0 {
            if UnixStream::connect(socket(&server.folder)).is_ok() {
                return Ok(Some(server));
            }
            if let Some(status) = server.process.try_wait()? {
                let says = fs::read_to_string(&log).unwrap_or_default();
                bail!("redis-server ended at once ({status}) and said: {}", says.trim());
            }
            thread::sleep(TRIES.1);
        }
        bail!("redis-server did not open its socket");
    }

    fn connect(&self) -> Result<Client> {
        let stream = UnixStream::connect(socket(&self.folder)).context("the socket of Redis")?;
        Ok(Client { stream, out: vec![], word: vec![], input: vec![0; 1 << 16], next: 0, end: 0 })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It keeps nothing, so it can be ended in any state; if it is gone already, so much the better.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn socket(folder: &TempDir) -> PathBuf {
    folder.path().join("socket")
}

/// One reply.
#[derive(Debug, PartialEq)]
enum Reply {
    Simple,
    Integer(i64),
    Bulk(Vec<u8>),
    /// So many replies follow.
    Array(usize),
}

/// A connection.
struct Client {
    stream: UnixStream,
    out: Vec<u8>,
    /// The word being said: its length comes first.
    word: Vec<u8>,
    input: Vec<u8>,
    next: usize,
    end: usize,
}

impl Client {
    /// Puts a command at the end of the pipeline.
    fn say(&mut self, words: &[&dyn std::fmt::Display]) {
        let Client { out, word, .. } = self;
        // Writing to a vector does not fail.
        let _ = write!(out, "*{}\r\n", words.len());
        for shown in words {
            word.clear();
            let _ = write!(word, "{shown}");
            let _ = write!(out, "${}\r\n", word.len());
            out.extend_from_slice(word);
            out.extend_from_slice(b"\r\n");
        }
    }

    fn send(&mut self) -> Result<()> {
        self.stream.write_all(&self.out).context("writing to Redis")?;
        self.out.clear();
        Ok(())
    }

    /// Reads more, keeping what was not taken yet.
    fn fill(&mut self) -> Result<()> {
        if self.next == self.end {
            (self.next, self.end) = (0, 0);
        } else if self.end == self.input.len() {
            self.input.copy_within(self.next..self.end, 0);
            (self.next, self.end) = (0, self.end - self.next);
            if self.end == self.input.len() {
                self.input.resize(2 * self.end, 0);
            }
        }
        let n = self.stream.read(&mut self.input[self.end..]).context("reading from Redis")?;
        ensure!(n > 0, "Redis closed the connection");
        self.end += n;
        Ok(())
    }

    /// The next line, without its end: a range of the input.
    fn line(&mut self) -> Result<std::ops::Range<usize>> {
        let mut seen = 0;
        loop {
            let rest = &self.input[self.next + seen..self.end];
            if let Some(at) = rest.iter().position(|&byte| byte == b'\n') {
                let begin = self.next;
                let length = seen + at;
                self.next += length + 1;
                return Ok(begin..begin + length.saturating_sub(1));
            }
            seen = self.end - self.next;
            self.fill()?;
        }
    }

    fn reply(&mut self) -> Result<Reply> {
        let line = self.line()?;
        let line = std::str::from_utf8(&self.input[line])?;
        let (kind, rest) = line.split_at_checked(1).context("an empty reply of Redis")?;
        Ok(match kind {
            "+" => Reply::Simple,
            ":" => Reply::Integer(rest.parse()?),
            "*" => Reply::Array(rest.parse()?),
            "$" => {
                let length: usize = rest.parse()?;
                while self.end - self.next < length + 2 {
                    self.fill()?;
                }
                let bulk = self.input[self.next..self.next + length].to_vec();
                self.next += length + 2;
                Reply::Bulk(bulk)
            }
            _ => bail!("Redis says {line}"),
        })
    }

    /// Reads the members of a reply to a query and keeps the rows that serve a country, up to a slate.
    /// Says how many members there were.
    fn rows(&mut self, country: u8, rows: &mut Vec<u32>) -> Result<usize> {
        let Reply::Array(n) = self.reply()? else { bail!("Redis did not answer with a list") };
        for _ in 0..n {
            // A member has no end of line in it, so that the two lines of a short text are read as lines.
            self.line()?;
            let line = self.line()?;
            let member = std::str::from_utf8(&self.input[line])?;
            let (row, ships) = member.split_once(':').context("a member of another kind")?;
            if rows.len() < SLATE && ships.parse::<u32>()? >> country & 1 == 1 {
                rows.push(row.parse()?);
            }
        }
        Ok(n)
    }
}

/// A server with the offers of a market.
pub struct Redis {
    server: Server,
    /// Its version.
    pub version: String,
}

/// A member of a set: a row, and the countries it ships to.
struct Member(u32, u32);

impl std::fmt::Display for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.0, self.1)
    }
}

/// Members that are asked for at once.
const CHUNK: usize = 32;

impl Redis {
    /// A server on a core, filled; nothing if Redis is not installed.
    ///
    /// # Errors
    /// If the server does not start, or fails.
    pub fn of(market: &Market, core: Option<usize>) -> Result<Option<Redis>> {
        let Some(server) = Server::start(core)? else { return Ok(None) };
        let mut client = server.connect()?;
        client.say(&[&"INFO", &"server"]);
        client.send()?;
        let Reply::Bulk(info) = client.reply()? else { bail!("Redis does not say what it is") };
        let info = String::from_utf8_lossy(&info).into_owned();
        let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
        let mut said = 0;
        for (product, offers) in (0u32..).zip(&market.products) {
            for (row, offer) in (0u32..).zip(offers).filter(|(_, offer)| offer.stock > 0) {
                client.say(&[&"ZADD", &product, &offer.score, &Member(row, offer.ships)]);
                said += 1;
            }
        }
        replies(&mut client, said)?;
        let version = version.unwrap_or("of unknown version").to_owned();
        Ok(Some(Redis { server, version }))
    }
}

/// Sends what was said and hears so many replies.
fn replies(client: &mut Client, said: usize) -> Result<()> {
    client.send()?;
    for _ in 0..said {
        let reply = client.reply()?;
        ensure!(matches!(reply, Reply::Integer(_)), "Redis answers {reply:?}");
    }
    Ok(())
}

impl Peer for Redis {
    type Reader<'a> = RedisReader;
    type Writer<'a> = RedisWriter;

    fn reader(&self) -> Result<RedisReader> {
        Ok(RedisReader { client: self.server.connect()?, rows: Vec::with_capacity(SLATE) })
    }

    fn writer(&self) -> Result<RedisWriter> {
        Ok(RedisWriter { client: self.server.connect()? })
    }
}

/// Asks for the head of a set.
pub struct RedisReader {
    client: Client,
    rows: Vec<u32>,
}

impl Reader for RedisReader {
    fn top10(&mut self, query: Query) -> Result<usize> {
        self.rows.clear();
        let mut from = 0;
        loop {
            self.client.say(&[&"ZREVRANGE", &query.product, &from, &(from + CHUNK - 1)]);
            self.client.send()?;
            let n = self.client.rows(query.country, &mut self.rows)?;
            if n < CHUNK || self.rows.len() == SLATE {
                break;
            }
            from += CHUNK;
        }
        Ok(self.rows.len())
    }

    fn rows(&self, rows: &mut Vec<u32>) {
        rows.clone_from(&self.rows);
    }
}

/// Sends pipelines.
pub struct RedisWriter {
    client: Client,
}

impl Writer for RedisWriter {
    fn apply(&mut self, changes: &[Change]) -> Result<()> {
        for Change { product, row, offer, .. } in changes {
            let member = Member(*row, offer.ships);
            match offer.stock {
                0 => self.client.say(&[&"ZREM", product, &member]),
                _ => self.client.say(&[&"ZADD", product, &offer.score, &member]),
            }
        }
        replies(&mut self.client, changes.len())
    }
}
