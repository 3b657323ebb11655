//! A mail server on loopback that takes whatever it is given.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The server. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Where it listens.
    pub address: SocketAddr,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Smtp {
    /// A server without mail.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, mails) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let kept = Arc::clone(&mails);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&kept)));
            }
        });
        Self { address, mails }
    }

    /// The mails that came, with their heads.
    #[must_use]
    pub fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }
}

/// RFC 5321, as far as one mail goes.
async fn converse(stream: TcpStream, mails: Arc<Mutex<Vec<String>>>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut answer = "220 goat.test ESMTP\r\n".to_owned();
    let mut mail: Option<String> = None;
    loop {
        // Who asked may be gone.
        if writer.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        answer.clear();
        let Ok(Some(line)) = lines.next_line().await else { return };
        if let Some(text) = &mut mail {
            if line == "." {
                mails.lock().unwrap().push(mail.take().unwrap_or_default());
                "250 OK\r\n".clone_into(&mut answer);
            } else {
                text.push_str(line.strip_prefix("..").map_or(line.as_str(), |_| &line[1..]));
                text.push('\n');
            }
            continue;
        }
        let command = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match command.as_str() {
            "EHLO" => "250-goat.test\r\n250 8BITMIME\r\n",
            "DATA" => {
                mail = Some(String::new());
                "354 go on\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 OK\r\n",
        }
        .clone_into(&mut answer);
    }
}
