//! Turns the problems that handlers answered into pages or documents in the caller's language.

use askama::Template;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::form::Words;
use crate::middleware::Outer;
use crate::page::{Facts, Page, Visit};
use crate::problem::{Carried, Problem, wants_document};

#[derive(Template)]
#[template(path = "problem.html")]
struct Content {
    help: String,
    code: &'static str,
    link: Option<(String, String)>,
}

pub(super) async fn render(State(outer): State<Outer>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let facts = Facts::of(&parts);
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(Carried(problem)) = response.extensions().get::<Carried>().cloned() else {
        return response;
    };
    problem.log();
    let document = wants_document(&facts.headers);
    let mut visit = Visit::read(outer.kit.clone(), facts);
    visit.forget_query();
    let mut rendered = if document {
        as_document(&visit, &problem)
    } else {
        as_page(&visit, &problem)
    };
    // What the handler or the router said in headers stays: cookies, Allow.
    for (name, value) in response.headers() {
        if !matches!(name.as_str(), "content-type" | "content-length" | "retry-after") {
            rendered.headers_mut().append(name.clone(), value.clone());
        }
    }
    rendered
}

fn as_document(visit: &Visit, problem: &Problem) -> Response {
    let title = visit.t_with(&problem.title_key(), problem.args());
    let detail = visit.t_with(&problem.help_key(), problem.args());
    problem.document(&title, &detail, visit.request_id())
}

fn as_page(visit: &Visit, problem: &Problem) -> Response {
    let title = Words::plain(visit.t_with(&problem.title_key(), problem.args()));
    let content = Content {
        help: visit.t_with(&problem.help_key(), problem.args()),
        code: problem.code(),
        link: problem.next().map(|(path, key)| (path.to_string(), visit.t(key))),
    };
    let mut response = visit.render(Page::new("problem", title).status(problem.status()), &content);
    problem.mark(&mut response);
    response
}
