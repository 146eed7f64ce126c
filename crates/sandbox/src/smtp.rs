//! A small real mail server (RFC 5321) on its own port: it takes mail from anybody to anybody and puts it into the
//! outbox. No relaying, no TLS, no authentication: it listens on loopback for development.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::mail;
use crate::world::{Channel, Draft, Fault, Route, World};

/// How many conversations go on at a time.
const CONNECTIONS_MAX: usize = 64;
/// How long a client may be silent.
const IDLE: Duration = Duration::from_mins(1);
/// The longest line of a command or of a message (RFC 5321 section 4.5.3.1 allows 1000).
const LINE_MAX_BYTES: usize = 2_048;
/// The largest message.
const MESSAGE_MAX_BYTES: usize = 1024 * 1024;
/// The most recipients of one message.
const RECIPIENTS_MAX: usize = 50;

/// Takes mail until told to stop.
pub(crate) async fn serve(listener: TcpListener, world: World, stop: CancellationToken) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let conversations = TaskTracker::new();
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a mail connection could not be accepted");
                    continue;
                }
            },
        };
        let (world, stop, permits) = (world.clone(), stop.clone(), Arc::clone(&permits));
        drop(conversations.spawn(async move {
            let work = async move {
                let permit = permits.try_acquire();
                converse(stream, &world, permit.is_ok()).await
            };
            tokio::select! {
                () = stop.cancelled() => {}
                result = work => {
                    if let Err(error) = result {
                        tracing::debug!(%error, "a mail conversation ended early");
                    }
                }
            }
        }));
    }
    conversations.close();
    conversations.wait().await;
}

/// One conversation, with the fault that is switched on.
async fn converse(mut stream: TcpStream, world: &World, has_room: bool) -> anyhow::Result<()> {
    let fault = world.faults().take(Route::Smtp);
    if let Some(setting) = &fault {
        match setting.fault {
            Fault::Slow => tokio::time::sleep(Duration::from_millis(setting.delay_ms)).await,
            Fault::Hang => tokio::time::sleep(Duration::from_mins(2)).await,
            Fault::Down | Fault::Broken | Fault::Redirect | Fault::Quota => {
                return end(&mut stream, "421 sandbox out of service\r\n").await;
            }
            Fault::Garbage => return end(&mut stream, "\u{1}<html>系统升级中\r\n").await,
            Fault::Refused => return end(&mut stream, "554 sandbox takes no mail from you\r\n").await,
            Fault::Wrong | Fault::None => {}
            // Faults of answers in JSON: the connection ends.
            Fault::Empty | Fault::Cut | Fault::Huge | Fault::Twice => return Ok(()),
        }
    }
    if !has_room {
        return end(&mut stream, "421 sandbox too many connections\r\n").await;
    }
    let refuses = fault.is_some_and(|setting| setting.fault == Fault::Wrong);
    let (reader, mut writer) = stream.split();
    talk(
        BufReader::new(reader),
        &mut writer,
        world,
        Envelope {
            refuses,
            ..Envelope::default()
        },
    )
    .await
}

async fn end(stream: &mut TcpStream, text: &str) -> anyhow::Result<()> {
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(())
}

/// The conversation itself, over anything that can be read and written.
async fn talk(
    mut reader: impl AsyncBufRead + Unpin,
    writer: &mut (impl AsyncWrite + Unpin),
    world: &World,
    mut envelope: Envelope,
) -> anyhow::Result<()> {
    writer.write_all(b"220 sandbox ESMTP ready\r\n").await?;
    loop {
        let Some(line) = read_line(&mut reader).await? else {
            return Ok(());
        };
        let reply = match line {
            Line::TooLong => Reply::Say("500 line too long"),
            Line::Complete(bytes) => envelope.command(String::from_utf8_lossy(&bytes).trim_end()),
        };
        match reply {
            Reply::Say(text) => writer.write_all(format!("{text}\r\n").as_bytes()).await?,
            Reply::Quit => return Ok(writer.write_all(b"221 sandbox goodbye\r\n").await?),
            Reply::TakeData => {
                writer.write_all(b"354 end with <CRLF>.<CRLF>\r\n").await?;
                let answer = match read_message(&mut reader).await? {
                    Some(message) => {
                        deliver(world, &envelope.recipients, &message);
                        "250 taken"
                    }
                    None => "552 message too large",
                };
                envelope.reset();
                writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
            }
        }
    }
}

fn deliver(world: &World, recipients: &[String], message: &[u8]) {
    let letter = mail::read(message);
    for to in recipients {
        world.deliver(Draft {
            channel: Channel::Email,
            to: to.clone(),
            subject: letter.subject.clone(),
            text: letter.text.clone(),
            template: None,
            reference: None,
        });
    }
}

enum Line {
    Complete(Vec<u8>),
    TooLong,
}

/// One line with its end, or that it was too long; `None` at the end of the connection.
async fn read_line(reader: &mut (impl AsyncBufRead + Unpin)) -> anyhow::Result<Option<Line>> {
    let mut line = Vec::new();
    let limit = u64::try_from(LINE_MAX_BYTES)?;
    let read = tokio::time::timeout(IDLE, (&mut *reader).take(limit).read_until(b'\n', &mut line)).await??;
    if read == 0 {
        return Ok(None);
    }
    if line.ends_with(b"\n") {
        return Ok(Some(Line::Complete(line)));
    }
    if read < LINE_MAX_BYTES {
        bail!("the connection ended within a line");
    }
    // Skip the rest of the line, piece by piece, so that it costs no memory.
    loop {
        line.clear();
        let read =
            tokio::time::timeout(IDLE, (&mut *reader).take(limit).read_until(b'\n', &mut line)).await??;
        if read == 0 {
            return Ok(None);
        }
        if line.ends_with(b"\n") {
            return Ok(Some(Line::TooLong));
        }
    }
}

/// The message up to the lone dot, with dot-stuffing undone; `None` when it was too large.
async fn read_message(reader: &mut (impl AsyncBufRead + Unpin)) -> anyhow::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    let mut too_large = false;
    loop {
        let Some(line) = read_line(reader).await? else {
            bail!("the connection ended within a message");
        };
        let Line::Complete(line) = line else {
            too_large = true;
            continue;
        };
        if matches!(line.as_slice(), b".\r\n" | b".\n") {
            return Ok((!too_large).then_some(message));
        }
        let line = line.strip_prefix(b".").unwrap_or(&line);
        too_large = too_large || message.len() + line.len() > MESSAGE_MAX_BYTES;
        if !too_large {
            message.extend_from_slice(line);
        }
    }
}

enum Reply {
    Say(&'static str),
    TakeData,
    Quit,
}

/// What the client has said so far about the message to come.
#[derive(Debug, Default)]
struct Envelope {
    greeted: bool,
    sender: Option<String>,
    recipients: Vec<String>,
    /// A fault: nobody is known here.
    refuses: bool,
}

impl Envelope {
    fn reset(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }

    /// Takes one command line without its end.
    fn command(&mut self, line: &str) -> Reply {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.greeted = true;
                self.reset();
                Reply::Say(
                    "250-sandbox\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-PIPELINING\r\n250 SIZE 1048576",
                )
            }
            "HELO" => {
                self.greeted = true;
                self.reset();
                Reply::Say("250 sandbox")
            }
            "MAIL" if !self.greeted => Reply::Say("503 say EHLO first"),
            "MAIL" if self.sender.is_some() => Reply::Say("503 one sender a message"),
            "MAIL" => match path(rest, "FROM:") {
                Some(sender) => {
                    self.sender = Some(sender);
                    Reply::Say("250 sender taken")
                }
                None => Reply::Say("501 MAIL FROM:<address>"),
            },
            "RCPT" => self.recipient(rest),
            "DATA" if self.recipients.is_empty() => Reply::Say("503 name a recipient first"),
            "DATA" => Reply::TakeData,
            "RSET" => {
                self.reset();
                Reply::Say("250 forgotten")
            }
            "NOOP" => Reply::Say("250 here"),
            "VRFY" => Reply::Say("252 send and see"),
            "QUIT" => Reply::Quit,
            _ => Reply::Say("502 not known here"),
        }
    }

    fn recipient(&mut self, rest: &str) -> Reply {
        if self.sender.is_none() {
            return Reply::Say("503 name a sender first");
        }
        match path(rest, "TO:") {
            _ if self.refuses => Reply::Say("550 nobody of that name here"),
            Some(_) if self.recipients.len() >= RECIPIENTS_MAX => Reply::Say("452 too many recipients"),
            Some(to) if to.contains('@') => {
                self.recipients.push(to);
                Reply::Say("250 recipient taken")
            }
            _ => Reply::Say("501 RCPT TO:<address>"),
        }
    }
}

/// The address between the angle brackets after a keyword; empty for the null sender.
fn path(text: &str, keyword: &str) -> Option<String> {
    let start = text.get(..keyword.len())?;
    let tail = text.get(keyword.len()..)?;
    let (address, _parameters) = tail.trim_start().strip_prefix('<')?.split_once('>')?;
    let sound = address.len() <= 254 && !address.contains(|c: char| c.is_whitespace() || c.is_control());
    (start.eq_ignore_ascii_case(keyword) && sound).then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Keys;

    async fn said(input: &[u8]) -> (World, String) {
        let world = World::new(Keys::default(), "http://localhost:8080").unwrap();
        let mut output = Vec::new();
        let ended = talk(input, &mut output, &world, Envelope::default()).await;
        let mut text = String::from_utf8(output).unwrap();
        if let Err(error) = ended {
            text = format!("{text}! {error}");
        }
        (world, text)
    }

    #[tokio::test]
    async fn a_pipelined_conversation_delivers_to_each_recipient_with_dots_unstuffed() {
        let (world, text) = said(
            b"EHLO x\r\nMAIL FROM:<id@example.org> BODY=8BITMIME\r\nRCPT TO:<a@example.org>\r\nrcpt to: <b@example.org>\r\n\
              DATA\r\nSubject: Hello\r\n\r\n..dot\r\ncode 123456\r\n.\r\nQUIT\r\n",
        )
        .await;
        assert!(text.ends_with("250 taken\r\n221 sandbox goodbye\r\n"), "{text}");
        let messages = world.outbox().list(None, Some(Channel::Email), 10);
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[0].subject.as_deref(), Some("Hello"));
        assert_eq!(messages[0].code.as_deref(), Some("123456"));
        assert!(messages[0].text.starts_with(".dot"), "{}", messages[0].text);
    }

    #[tokio::test]
    async fn commands_out_of_order_are_refused_and_the_conversation_goes_on() {
        let (_, text) = said(
            b"MAIL FROM:<a@b>\r\nHELO x\r\nRCPT TO:<a@b>\r\nDATA\r\nMAIL FROM:a@b\r\nMAIL FROM:<>\r\nRCPT TO:<nobody>\r\n\
              RSET\r\nRCPT TO:<a@b>\r\nSTARTTLS\r\nNOOP\r\nQUIT\r\n",
        )
        .await;
        let codes: Vec<&str> = text.lines().map(|line| line.get(..3).unwrap()).collect();
        let expected = [
            "220", "503", "250", "503", "503", "501", "250", "501", "250", "503", "502", "250", "221",
        ];
        assert_eq!(codes, expected);
    }

    #[tokio::test]
    async fn lines_messages_and_recipients_have_limits() {
        let mut long = vec![b'x'; 10_000];
        long.extend_from_slice(b"\r\nNOOP\r\n");
        let (_, text) = said(&long).await;
        assert!(text.contains("500 line too long\r\n250 here"), "{text}");

        let mut many = b"EHLO x\r\nMAIL FROM:<a@b>\r\n".to_vec();
        many.extend(b"RCPT TO:<a@b>\r\n".repeat(RECIPIENTS_MAX + 1));
        many.extend_from_slice(b"DATA\r\n");
        many.extend([vec![b'y'; 1000], b"\r\n".to_vec()].concat().repeat(1100));
        many.extend_from_slice(b".\r\nQUIT\r\n");
        let (world, text) = said(&many).await;
        assert!(
            text.contains("452 too many recipients") && text.contains("552 message too large"),
            "{text}"
        );
        assert!(world.outbox().list(None, None, 1).is_empty());
    }

    #[tokio::test]
    async fn a_message_that_breaks_off_is_not_delivered() {
        let (world, text) = said(b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\nhalf\r\n").await;
        assert!(text.contains("! the connection ended"), "{text}");
        assert!(world.outbox().list(None, None, 1).is_empty());
    }
}
