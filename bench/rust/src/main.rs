// SPDX-License-Identifier: MIT

//! A FastAGI server with asterisk-rs-agi on tokio, a task for a call, as many threads as there are
//! cores for it. It prints the port it listens on and ends when its standard input does.

use asterisk_rs_agi::error::Result;
use asterisk_rs_agi::{AgiChannel, AgiHandler, AgiRequest, AgiServer};
use std::io::Read;

const VALUE: &str = "opening hours, all days";

struct Calls;

impl AgiHandler for Calls {
    /// The twenty commands of a call.
    async fn handle(&self, _request: AgiRequest, mut channel: AgiChannel) -> Result<()> {
        for i in 1..=5 {
            let name = format!("BENCH_{i}");
            channel.noop().await?;
            channel.verbose(&format!("step {i} of 5"), 3).await?;
            channel.set_variable(&name, VALUE).await?;
            let reply = channel.get_variable(&name).await?;
            if reply.data.as_deref() != Some(VALUE) {
                break;
            }
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    // The server does not tell its port, so one that is free is looked for first.
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let (server, _stop) = AgiServer::builder()
        .bind(format!("127.0.0.1:{port}"))
        .handler(Calls)
        .build()
        .await?;
    println!("{port}");
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    server.run().await
}
