//! Reads the forms out of a page as a browser without scripts would: fields with their values, hidden ones included, and
//! buttons. A scanner for our own pages and for pages like them, not an HTML parser.

/// One form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    /// Where it goes; empty for the page itself.
    pub action: String,
    pub posts: bool,
    pub fields: Vec<Field>,
    pub buttons: Vec<Button>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub name: String,
    /// `hidden`, `text`, `checkbox`, `radio`, `select`, `textarea`, ...
    pub kind: String,
    pub value: String,
    pub checked: bool,
}

/// One submit button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Button {
    pub name: String,
    pub value: String,
}

impl Form {
    /// Whether there is nothing to fill in, only buttons.
    pub(super) fn is_bare(&self) -> bool {
        self.fields.iter().all(|field| field.kind == "hidden")
    }

    /// Whether a field of this name can be filled in.
    pub(super) fn asks(&self, name: &str) -> bool {
        self.fields
            .iter()
            .any(|field| field.name == name && field.kind != "hidden")
    }

    /// The value of a hidden field.
    pub(super) fn hidden(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.name == name && field.kind == "hidden")
            .map(|field| field.value.as_str())
    }

    /// What a browser sends when nothing is touched.
    pub(super) fn defaults(&self) -> Vec<(String, String)> {
        self.fields
            .iter()
            .filter(|field| !matches!(field.kind.as_str(), "checkbox" | "radio") || field.checked)
            .map(|field| (field.name.clone(), field.value.clone()))
            .collect()
    }
}

/// A page's forms, what it calls itself, and the words on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub forms: Vec<Form>,
    /// `data-page` of the body.
    pub name: String,
    /// The first `data-level`.
    pub level: Option<u8>,
    /// The words within `main`, or of the page when it has none.
    pub text: String,
}

/// Reads a page.
pub(super) fn read(html: &str) -> Page {
    let mut reader = Reader::default();
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        reader.text(text);
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, next)| next);
            continue;
        }
        let Some((tag, next)) = split_tag(after) else {
            break;
        };
        rest = next;
        let (name, attributes) = attributes(tag);
        if matches!(name.as_str(), "script" | "style") {
            let end = format!("</{name}");
            rest = rest.find(&end).and_then(|at| rest.get(at..)).unwrap_or("");
        }
        reader.tag(&name, &Attributes(attributes));
    }
    reader.page
}

/// A tag's inside and what follows the `>` that ends it, which quoted values may contain too.
fn split_tag(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some((text.get(..at)?, text.get(at + 1..)?)),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn find(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn text(&self, name: &str) -> String {
        self.find(name).unwrap_or_default().to_owned()
    }
}

/// A tag's name (with a slash in front when it closes) and its attributes, entities decoded.
fn attributes(tag: &str) -> (String, Vec<(String, String)>) {
    let end = tag.find(|c: char| c.is_whitespace()).unwrap_or(tag.len());
    let (name, rest) = tag.split_at_checked(end).unwrap_or((tag, ""));
    let mut found = Vec::new();
    let mut rest = rest.trim_start();
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '=')
            .unwrap_or(rest.len());
        let (key, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('=') {
            Some(value) => attribute_value(value.trim_start()),
            None => ("", after),
        };
        if !key.trim_matches('/').is_empty() {
            found.push((key.to_ascii_lowercase(), unescape(value)));
        }
        rest = if key.is_empty() {
            rest.get(1..).unwrap_or("")
        } else {
            next.trim_start()
        };
    }
    (name.trim_end_matches('/').to_ascii_lowercase(), found)
}

fn attribute_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.split_once(quote).unwrap_or((inner, ""));
        }
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Undoes character references.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let decoded = after
            .split_once(';')
            .and_then(|(name, next)| Some((reference(name)?, next)));
        if let Some((c, next)) = decoded {
            out.push(c);
            rest = next;
        } else {
            out.push('&');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn reference(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[derive(Default)]
struct Reader {
    page: Page,
    form: Option<Form>,
    select: Option<Field>,
    textarea: Option<Field>,
    in_main: bool,
    had_main: bool,
}

impl Reader {
    fn text(&mut self, text: &str) {
        let text = unescape(text);
        if let Some(field) = &mut self.textarea {
            field.value.push_str(&text);
        }
        if self.in_main || !self.had_main {
            for word in text.split_whitespace() {
                if !self.page.text.is_empty() {
                    self.page.text.push(' ');
                }
                self.page.text.push_str(word);
            }
        }
    }

    fn tag(&mut self, name: &str, attributes: &Attributes) {
        if self.page.level.is_none() {
            self.page.level = attributes.find("data-level").and_then(|level| level.parse().ok());
        }
        match name {
            "body" => self.page.name = attributes.text("data-page"),
            "main" => {
                (self.in_main, self.had_main) = (true, true);
                self.page.text.clear();
            }
            "/main" => self.in_main = false,
            "form" => {
                let posts = attributes.text("method").eq_ignore_ascii_case("post");
                self.form = Some(Form {
                    action: attributes.text("action"),
                    posts,
                    ..Form::default()
                });
            }
            "/form" => self.page.forms.extend(self.form.take()),
            "input" => self.input(attributes),
            "select" => self.select = Some(field("select", attributes)),
            "option" => self.option(attributes),
            "/select" => {
                let select = self.select.take();
                self.add(select);
            }
            "textarea" => self.textarea = Some(field("textarea", attributes)),
            "/textarea" => {
                let textarea = self.textarea.take();
                self.add(textarea);
            }
            "button" if !matches!(attributes.find("type"), Some("button" | "reset")) => {
                self.button(attributes);
            }
            _ => {}
        }
    }

    fn input(&mut self, attributes: &Attributes) {
        let kind = attributes.find("type").unwrap_or("text").to_ascii_lowercase();
        match kind.as_str() {
            "submit" | "image" => self.button(attributes),
            "button" | "reset" | "file" => {}
            _ => {
                let mut field = field(&kind, attributes);
                if matches!(kind.as_str(), "checkbox" | "radio") && attributes.find("value").is_none() {
                    "on".clone_into(&mut field.value);
                }
                self.add(Some(field));
            }
        }
    }

    fn option(&mut self, attributes: &Attributes) {
        if let Some(select) = &mut self.select
            && (select.value.is_empty() || attributes.find("selected").is_some())
        {
            select.value = attributes.text("value");
        }
    }

    fn button(&mut self, attributes: &Attributes) {
        if let Some(form) = &mut self.form {
            form.buttons.push(Button {
                name: attributes.text("name"),
                value: attributes.text("value"),
            });
        }
    }

    fn add(&mut self, field: Option<Field>) {
        if let (Some(form), Some(field)) = (&mut self.form, field)
            && !field.name.is_empty()
        {
            form.fields.push(field);
        }
    }
}

fn field(kind: &str, attributes: &Attributes) -> Field {
    Field {
        name: attributes.text("name"),
        kind: kind.to_owned(),
        value: attributes.text("value"),
        checked: attributes.find("checked").is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><html lang="en"><body data-page="register"><style>a > b {}</style>
        <form method="post" action="/preferences"><button name="language" value="en">English</button></form>
        <main><!-- <form method=post action=/trap> --><h1>Register &amp; go</h1>
        <form method=POST action="/register?x=1&amp;y=2" novalidate>
          <input type="hidden" name="csrf" value="a&#34;b&#x3e;c"><input type=hidden name=captcha_id value=c1 />
          <input type="radio" name="kind" value="resident" checked><input type="radio" name="kind" value="organisation">
          <input name="phone" value="" placeholder='say > "hello"'>
          <select name="area"><option value="">-</option><option value="34" selected>A</option></select>
          <textarea name="note">line &lt;1&gt;</textarea>
          <input type="checkbox" name="agree" value="yes">
          <button type="button">nothing</button><button name="refresh" value="1">New</button><button>Next</button>
        </form></main><span data-level="2"></span></body></html>"#;

    #[test]
    fn a_page_is_read_as_a_browser_would() {
        let page = read(PAGE);
        assert_eq!(
            (page.name.as_str(), page.level, page.forms.len()),
            ("register", Some(2), 2)
        );
        assert!(page.text.starts_with("Register & go"), "{}", page.text);
        let form = &page.forms[1];
        assert_eq!((form.action.as_str(), form.posts), ("/register?x=1&y=2", true));
        assert_eq!(form.hidden("csrf"), Some("a\"b>c"));
        assert_eq!(form.hidden("captcha_id"), Some("c1"));
        assert!(form.asks("phone") && form.asks("agree") && !form.asks("csrf"));
        let sent: Vec<_> = form
            .defaults()
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            sent,
            [
                "csrf=a\"b>c",
                "captcha_id=c1",
                "kind=resident",
                "phone=",
                "area=34",
                "note=line <1>"
            ]
        );
        assert_eq!(
            form.buttons.iter().map(|b| b.name.as_str()).collect::<Vec<_>>(),
            ["refresh", ""]
        );
    }

    #[test]
    fn broken_pages_do_not_make_it_fail() {
        for html in [
            "",
            "<",
            "<form",
            "<form><input name=a",
            "<!-- ",
            "<a =b>",
            "<input =>",
            "a & b &#xffffff; &;",
            "<é é=é>",
        ] {
            let _ = read(html);
        }
    }
}
