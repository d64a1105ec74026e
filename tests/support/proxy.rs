//! A way to the database server that can be cut.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// What becomes of what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It arrives.
    Open,
    /// New connections are closed at once, those that were open are too.
    Refusing,
    /// Nothing arrives, and nobody is told: connections seem to stand.
    Silent,
}

/// A port of this machine that leads to a Unix socket.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    way: watch::Sender<Way>,
}

impl Proxy {
    pub(crate) async fn to(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let way = watch::Sender::new(Way::Open);
        let socket = Arc::new(socket);
        let told = way.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(lead(client, socket.clone(), told.subscribe()));
            }
        });
        Self { address, way }
    }

    pub(crate) fn make(&self, way: Way) {
        self.way.send_replace(way);
    }
}

/// A connection that was silent once stays so: what it carried is lost.
async fn lead(mut client: TcpStream, socket: Arc<PathBuf>, mut way: watch::Receiver<Way>) {
    let now = *way.borrow_and_update();
    match now {
        Way::Open => {}
        Way::Refusing => return,
        Way::Silent => return hold(client, way).await,
    }
    let Ok(mut server) = UnixStream::connect(socket.as_path()).await else { return };
    let (mut there, mut back) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            biased;
            _ = way.changed() => {
                if *way.borrow_and_update() == Way::Silent {
                    // The server hears nothing more either, and keeps its end as long as the cut lasts.
                    hold(client, way).await;
                    drop(server);
                }
                return;
            }
            read = client.read(&mut there) => match read {
                Ok(length @ 1..) if server.write_all(&there[..length]).await.is_ok() => {}
                _ => return,
            },
            read = server.read(&mut back) => match read {
                Ok(length @ 1..) if client.write_all(&back[..length]).await.is_ok() => {}
                _ => return,
            },
        }
    }
}

/// Keeps a connection and says nothing on it, for ever: a network that forgot it.
async fn hold(client: TcpStream, mut way: watch::Receiver<Way>) {
    while way.changed().await.is_ok() {}
    drop(client);
}
