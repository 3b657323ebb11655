//! The dashboard's files and the guide: built in, found by their exact path, nothing else looked up.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use tonic::Code;

use crate::app::method_not_allowed;
use crate::guide;
use crate::problem::Problem;
use crate::schema::Schema;

#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Files;

const INDEX: &str = "index.html";
/// Names in there hold a hash of their content.
const HASHED: &str = "assets/";
const FONT: &str = "assets/inter-";
const ONE_YEAR: &str = "public, max-age=31536000, immutable";
const ALWAYS_ASK: &str = "no-cache";

/// What lies at a path.
#[derive(Debug, Clone)]
enum Entry {
    File {
        content: Bytes,
        content_type: &'static str,
        etag: String,
        caching: &'static str,
    },
    /// A folder with an index, named without its slash.
    Folder {
        location: String,
    },
}

/// Every path of the dashboard.
#[derive(Debug, Clone)]
pub(crate) struct Site(Arc<BTreeMap<String, Entry>>);

impl Site {
    /// The files that were built in, and the guide, which also tells the schema.
    pub(crate) fn built_in(schema: &Schema) -> Self {
        let files = Files::iter().filter_map(|name| Some((name.to_string(), bytes(Files::get(&name)?.data))));
        let font = Files::iter().find(|name| name.starts_with(FONT));
        let mut entries = BTreeMap::new();
        for (name, file) in files.chain(guide::files(schema, font.as_deref())) {
            if let Some(folder) = name.strip_suffix(INDEX) {
                entries.insert(format!("/{folder}"), entry(&name, &file));
            }
            if let Some(folder) = name.strip_suffix(INDEX).and_then(|folder| folder.strip_suffix('/')) {
                entries.insert(format!("/{folder}"), Entry::Folder { location: format!("/{folder}/") });
            }
            entries.insert(format!("/{name}"), entry(&name, &file));
        }
        Self(Arc::new(entries))
    }

    /// The file at the request's path, or that there is none.
    pub(crate) fn answer(&self, request: &Request) -> Response {
        let path = request.uri().path();
        let Some(entry) = self.0.get(path) else {
            return Problem::new(Code::NotFound, format!("nothing is served at {path}")).into_response();
        };
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return method_not_allowed(request.method(), path).into_response();
        }
        match entry {
            Entry::Folder { location } => Redirect::permanent(location).into_response(),
            Entry::File { content, content_type, etag, caching } => {
                let headers = [(ETAG, etag.as_str()), (CACHE_CONTROL, caching), (CONTENT_TYPE, content_type)];
                if has_already(request.headers(), etag) {
                    return (StatusCode::NOT_MODIFIED, headers).into_response();
                }
                (headers, Body::from(content.clone())).into_response()
            }
        }
    }
}

/// What was built in, without a copy of it.
pub(crate) fn bytes(data: Cow<'static, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => Bytes::from(data),
    }
}

fn entry(name: &str, content: &Bytes) -> Entry {
    let caching = if name.starts_with(HASHED) { ONE_YEAR } else { ALWAYS_ASK };
    Entry::File {
        content: content.clone(),
        content_type: content_type(name),
        etag: etag(&Sha256::digest(content)),
        caching,
    }
}

/// Weak, because the same content may travel compressed.
fn etag(hash: &[u8]) -> String {
    let mut etag = String::from("W/\"");
    for byte in hash.iter().take(16) {
        // Writing into a string cannot fail.
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    etag
}

fn has_already(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).any(|known| known.trim() == etag || known.trim() == "*")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        // Licences and notices have no extension.
        "" | "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: Method, path: &str, etag: Option<&str>) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        Site::built_in(&Schema::load().unwrap()).answer(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn the_root_is_the_index_and_is_asked_for_each_time() {
        let root = ask(Method::GET, "/", None);

        assert_eq!(root.status(), StatusCode::OK);
        assert_eq!(root.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(root.headers()[CACHE_CONTROL], "no-cache");
        assert_eq!(root.headers()[ETAG], ask(Method::GET, "/index.html", None).headers()[ETAG]);
    }

    #[test]
    fn the_guide_is_a_folder_of_pages() {
        let guide = ask(Method::GET, "/guide/", None);

        assert_eq!(
            (guide.status(), &guide.headers()[CACHE_CONTROL]),
            (StatusCode::OK, &ALWAYS_ASK.parse().unwrap())
        );
        assert_eq!(ask(Method::GET, "/guide", None).headers()["location"], "/guide/");
        assert_eq!(
            ask(Method::GET, "/guide/look.css", None).headers()[CONTENT_TYPE],
            "text/css; charset=utf-8"
        );
        assert_eq!(ask(Method::GET, "/pictures/market.png", None).headers()[CONTENT_TYPE], "image/png");
    }

    #[test]
    fn who_has_the_file_already_is_told_so() {
        let etag = ask(Method::GET, "/", None).headers()[ETAG].to_str().unwrap().to_owned();

        assert_eq!(ask(Method::GET, "/", Some(&etag)).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(ask(Method::GET, "/", Some("\"other\"")).status(), StatusCode::OK);
    }

    #[test]
    fn a_path_that_leads_out_of_the_table_leads_nowhere() {
        for path in
            ["/../Cargo.toml", "/..%2fCargo.toml", "//etc/passwd", "/index.html/", "/assets/", "/INDEX.HTML"]
        {
            assert_eq!(ask(Method::GET, path, None).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn a_file_is_read_and_nothing_else() {
        assert_eq!(ask(Method::POST, "/", None).status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(ask(Method::POST, "/nowhere", None).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_hashed_file_never_changes() {
        let file = |name| match entry(name, &Bytes::new()) {
            Entry::File { caching, content_type, .. } => (caching, content_type),
            Entry::Folder { .. } => ("", ""),
        };

        assert_eq!(file("assets/index-abc.js"), (ONE_YEAR, "text/javascript; charset=utf-8"));
        assert_eq!(file("goat.svg"), (ALWAYS_ASK, "image/svg+xml"));
        assert_eq!(file("api-docs/LICENSE"), (ALWAYS_ASK, "text/plain; charset=utf-8"));
    }
}
