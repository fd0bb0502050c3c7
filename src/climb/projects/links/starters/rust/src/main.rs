//! A link shortener that keeps nothing yet: it answers every new link with 201, and knows no code.

use std::future::Future;
use std::process::exit;
use std::time::Duration;

use axum::http::{header, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use tokio::signal::unix::{signal, SignalKind};

const HTTP: &[&str] = &["http://", "https://"];
const MOST: u32 = i32::MAX as u32;

/// Ends the program, since a variable is missing or wrong.
fn refuse(name: &str, expected: &str) -> ! {
    let got = std::env::var(name).unwrap_or_default();
    eprintln!("{name}: expected {expected}, got {got:?}");
    exit(2)
}

/// A variable with one of these beginnings, or its default; without a default it is required.
fn text(name: &str, default: &str, beginnings: &[&str]) -> String {
    match std::env::var(name) {
        Ok(value) if beginnings.iter().any(|one| value.starts_with(one) && value.len() > one.len()) => value,
        Err(_) if !default.is_empty() => default.to_string(),
        _ => refuse(name, &format!("a text like {}…", beginnings[0])),
    }
}

/// A variable that is a whole number, or its default.
fn number(name: &str, default: &str, least: u32, most: u32) -> u32 {
    let written = std::env::var(name).unwrap_or_else(|_| default.to_string());
    match written.parse() {
        Ok(value) if (least..=most).contains(&value) => value,
        _ => refuse(name, &format!("a whole number from {least} to {most}")),
    }
}

/// What is answered when something is wrong (RFC 9457).
fn problem(status: StatusCode, title: &str) -> Response {
    let body = json!({"type": "about:blank", "title": title, "status": status.as_u16()});
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

async fn add() -> Response {
    // Begin here: check the token (401), read the body, and say what is wrong with it (400, 415, 422). Then insert the link,
    // and answer with all of it and its Location. GET /{code} comes next.
    (StatusCode::CREATED, Json(json!({}))).into_response()
}

async fn readyz() -> Response {
    // Ready means that requests can be answered: ask the database here, as soon as there is a connection to it.
    "ok".into_response()
}

/// Resolves when the program is asked to end.
fn asked_to_end() -> impl Future<Output = ()> {
    let mut asked = signal(SignalKind::terminate()).expect("SIGTERM can be handled");
    async move {
        asked.recv().await;
        tokio::spawn(async {
            tokio::time::sleep(Duration::from_secs(8)).await;
            exit(0) // somebody does not let go
        });
    }
}

#[tokio::main]
async fn main() {
    let port = number("PORT", "", 1, 65535);
    let _database_url = text("DATABASE_URL", "", &["postgresql://", "postgres://"]);
    let _cache_url = text("CACHE_URL", "", &["redis://"]);
    let data_dir = text("DATA_DIR", "", &[""]);
    if !std::path::Path::new(&data_dir).is_dir() {
        refuse("DATA_DIR", "an existing folder");
    }
    let issuer = text("ISSUER", "", HTTP);
    let _jwks_url = text("JWKS_URL", &format!("{issuer}/.well-known/jwks.json"), HTTP);
    let _public_url = text("PUBLIC_URL", &format!("http://127.0.0.1:{port}"), HTTP);
    let _stale_ms = number("STALE_MS", "2000", 100, MOST);
    let _allow_private = number("ALLOW_PRIVATE", "0", 0, 1);

    let app = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(readyz))
        .route("/v1/links", post(add))
        .fallback(|| async { problem(StatusCode::NOT_FOUND, "Not found") });

    let end = asked_to_end();
    let listener = match tokio::net::TcpListener::bind(("127.0.0.1", port as u16)).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("port {port}: {error}");
            exit(1)
        }
    };
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(end).await {
        eprintln!("{error}");
        exit(1)
    }
}
