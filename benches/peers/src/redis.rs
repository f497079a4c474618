//! Redis over a Unix socket, where it is installed: a server of its own, without persistence.
//!
//! For every product and country there is a sorted set of the offers that serve it, by score: a query is
//! one command, and the reply carries no more than ten rows. (One set a product would need every offer
//! sent and filtered by the client.) A change is a command for each country that the offer serves; a
//! batch is one pipeline. Batches are no transactions: a reader may see half of one.
//!
//! The client speaks the protocol (RESP 2) itself, with one write and one read for a query: that is less
//! work than a general client does.

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
            command.arg("--server-cpulist").arg(core.to_string());
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
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
                bail!("redis-server ended at once: {status}");
            }
            thread::sleep(TRIES.1);
        }
        bail!("redis-server did not open its socket");
    }

    fn connect(&self) -> Result<Client> {
        let stream = UnixStream::connect(socket(&self.folder)).context("the socket of Redis")?;
        Ok(Client { stream, out: vec![], input: vec![0; 1 << 16], next: 0, end: 0 })
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
    input: Vec<u8>,
    next: usize,
    end: usize,
}

impl Client {
    /// Puts a command at the end of the pipeline.
    fn say(&mut self, words: &[&dyn std::fmt::Display]) {
        let out = &mut self.out;
        // Writing to a vector does not fail.
        let _ = write!(out, "*{}\r\n", words.len());
        for word in words {
            // The length comes first, so the word is written behind room for it: words are short.
            let at = out.len();
            out.extend_from_slice(b"$00\r\n");
            let begin = out.len();
            let _ = write!(out, "{word}");
            let length = out.len() - begin;
            out[at + 1] += (length / 10) as u8;
            out[at + 2] += (length % 10) as u8;
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

    /// Reads the rows of a reply to a query.
    fn rows(&mut self, rows: &mut Vec<u32>) -> Result<()> {
        rows.clear();
        let Reply::Array(n) = self.reply()? else { bail!("Redis did not answer with a list") };
        for _ in 0..n {
            // A row has no end of line in it, so that the two lines of a short text can be read as lines.
            self.line()?;
            let line = self.line()?;
            rows.push(std::str::from_utf8(&self.input[line])?.parse()?);
        }
        Ok(())
    }
}

/// A server with the offers of a market.
pub struct Redis {
    server: Server,
    /// Its version.
    pub version: String,
}

/// The set of a product and a country.
struct Key(u32, u8);

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.0, self.1)
    }
}

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
                for country in offer.countries() {
                    client.say(&[&"ZADD", &Key(product, country), &offer.score, &row]);
                    said += 1;
                }
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
        let key = Key(query.product, query.country);
        self.client.say(&[&"ZREVRANGE", &key, &0, &(SLATE - 1)]);
        self.client.send()?;
        self.client.rows(&mut self.rows)?;
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
        let mut said = 0;
        for Change { product, row, offer, .. } in changes {
            for country in offer.countries() {
                let key = Key(*product, country);
                match offer.stock {
                    0 => self.client.say(&[&"ZREM", &key, row]),
                    _ => self.client.say(&[&"ZADD", &key, &offer.score, row]),
                }
                said += 1;
            }
        }
        replies(&mut self.client, said)
    }
}
