//! REST as a user's program asks it.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The sentence of a refusal.
    #[must_use]
    pub fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) async fn of(response: reqwest::Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, text: response.text().await? })
    }
}

/// A client of one address.
#[derive(Debug, Clone)]
pub struct Rest {
    /// The client that it asks with.
    pub client: reqwest::Client,
    /// Such as `http://127.0.0.1:8000`.
    pub base: String,
}

impl Rest {
    /// A client of the service at `address`.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().expect("a client");
        Self { client, base: format!("http://{address}") }
    }

    /// Asks once.
    ///
    /// # Errors
    ///
    /// When there was no answer.
    pub async fn try_get(&self, path: &str) -> reqwest::Result<Answer> {
        Answer::of(self.client.get(format!("{}{path}", self.base)).send().await?).await
    }

    /// Asks, whatever the status of the answer.
    pub async fn get(&self, path: &str) -> Answer {
        self.try_get(path).await.unwrap_or_else(|error| panic!("GET {path}: {error:?}"))
    }

    /// Asks for JSON with success.
    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.text);
        answer.json()
    }

    /// Sends another request than GET.
    pub async fn send(&self, method: reqwest::Method, path: &str, body: &str) -> Answer {
        let request = self.client.request(method, format!("{}{path}", self.base));
        let request = request.header("content-type", "application/json").body(body.to_owned());
        let response = request.send().await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
        Answer::of(response).await.unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }
}

/// A 64-bit integer, which canonical JSON writes as text.
#[must_use]
pub fn integer(value: &Value) -> u64 {
    let parsed = value.as_str().and_then(|text| text.parse().ok()).or_else(|| value.as_u64());
    parsed.unwrap_or_else(|| panic!("no integer: {value}"))
}

/// The rows of a table, as `/tables` counts them.
#[must_use]
pub fn rows_of(tables: &Value, name: &str) -> u64 {
    let tables = tables["tables"].as_array().expect("tables");
    let table = tables.iter().find(|table| table["name"] == name);
    table.unwrap_or_else(|| panic!("there is no table {name}"))["rows"].as_u64().expect("rows")
}
