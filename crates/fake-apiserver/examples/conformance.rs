//! Runs the conformance list on the server of the current kubeconfig.

#![allow(clippy::print_stdout, reason = "a program for people")]

use std::process::ExitCode;

use rackwright_fake_apiserver::conformance::{Context, KNOWN_DIFFERENCES, cases, install};

#[tokio::main]
async fn main() -> ExitCode {
    let client = match kube::Client::try_default().await {
        Ok(client) => client,
        Err(error) => {
            println!("no client: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(what) = install(client.clone()).await {
        println!("the definition was not installed: {what}");
        return ExitCode::FAILURE;
    }
    // Names of an earlier run may still be there.
    let suffix = format!("r{:x}", jiff::Timestamp::now().as_second());
    let only: Vec<String> = std::env::args().skip(1).collect();
    let (mut passed, mut failed) = (0, 0);
    for case in cases() {
        if !only.is_empty() && !only.iter().any(|part| case.name.contains(part.as_str())) {
            continue;
        }
        match (case.run)(Context::new(client.clone(), suffix.as_str())).await {
            Ok(()) => {
                passed += 1;
                println!("ok    {}", case.name);
            }
            Err(what) => {
                let known = KNOWN_DIFFERENCES.iter().find(|(name, _)| *name == case.name);
                failed += 1;
                match known {
                    Some((_, reason)) => println!("KNOWN {}: {what} ({reason})", case.name),
                    None => println!("FAIL  {}: {what}", case.name),
                }
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
