//! What a browser without JavaScript understands of a page: elements, their text, and forms with what they would send.
//! A reader for well-made HTML; what is not well made shows up as an element that is missing.

use std::fmt;

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    nodes: Vec<Node>,
    /// The source.
    pub html: String,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// Empty for text.
    tag: String,
    text: String,
    attributes: Vec<(String, String)>,
    children: Vec<usize>,
    parent: Option<usize>,
}

/// An element of a page.
#[derive(Clone, Copy)]
pub struct Element<'a> {
    page: &'a Page,
    at: usize,
}

/// Elements that never have a closing tag.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
];

/// Elements whose content is text up to the closing tag.
const RAW: &[&str] = &["script", "style", "textarea", "title"];

impl Page {
    /// Reads a page.
    pub fn parse(html: &str) -> Self {
        let mut page = Self {
            nodes: vec![Node {
                tag: "#document".to_owned(),
                ..Node::default()
            }],
            html: html.to_owned(),
        };
        let mut open = vec![0_usize];
        let mut rest = html;
        while let Some((text, after)) = rest.split_once('<') {
            page.text(&open, text);
            if let Some(comment) = after.strip_prefix("!--") {
                rest = comment.split_once("-->").map_or("", |(_, next)| next);
                continue;
            }
            let Some((tag, next)) = split_tag(after) else {
                break;
            };
            rest = next;
            if tag.starts_with('!') {
                continue;
            }
            if let Some(name) = tag.strip_prefix('/') {
                page.close(&mut open, name.trim());
                continue;
            }
            let (name, attributes) = read_tag(tag);
            let at = page.push(&open, &name, attributes);
            if RAW.contains(&name.as_str()) {
                let end = rest
                    .to_ascii_lowercase()
                    .find(&format!("</{name}"))
                    .unwrap_or(rest.len());
                page.text(&[at], &rest[..end]);
                rest = &rest[end..];
                open.push(at);
            } else if !VOID.contains(&name.as_str()) && !tag.ends_with('/') {
                open.push(at);
            }
        }
        page.text(&open, rest);
        page
    }

    fn push(&mut self, open: &[usize], tag: &str, attributes: Vec<(String, String)>) -> usize {
        let (at, parent) = (self.nodes.len(), open[open.len() - 1]);
        self.nodes.push(Node {
            tag: tag.to_owned(),
            attributes,
            parent: Some(parent),
            ..Node::default()
        });
        self.nodes[parent].children.push(at);
        at
    }

    fn text(&mut self, open: &[usize], text: &str) {
        if !text.is_empty() {
            let at = self.push(open, "", Vec::new());
            self.nodes[at].text = unescape(text);
        }
    }

    fn close(&self, open: &mut Vec<usize>, name: &str) {
        let name = name.to_ascii_lowercase();
        if let Some(position) = open.iter().rposition(|at| self.nodes[*at].tag == name) {
            open.truncate(position.max(1));
        }
    }

    /// Every element that fits: `tag`, `#id`, `.class`, `[name]`, `[name=value]`, written together.
    pub fn all(&self, selector: &str) -> Vec<Element<'_>> {
        let wanted = Selector::parse(selector);
        (0..self.nodes.len())
            .map(|at| Element { page: self, at })
            .filter(|element| wanted.fits(*element))
            .collect()
    }

    /// The first element that fits.
    pub fn find(&self, selector: &str) -> Option<Element<'_>> {
        self.all(selector).into_iter().next()
    }

    /// The first element that fits, which must be there.
    pub fn get(&self, selector: &str) -> Element<'_> {
        self.find(selector)
            .unwrap_or_else(|| panic!("no {selector} on this page:\n{}", self.words()))
    }

    /// The text of the first element that fits.
    pub fn text_of(&self, selector: &str) -> String {
        self.get(selector).text()
    }

    /// What the page calls itself for programs.
    pub fn name(&self) -> String {
        self.find("body")
            .and_then(|body| body.attribute("data-page"))
            .unwrap_or_default()
    }

    /// Its main heading.
    pub fn heading(&self) -> String {
        self.find("h1").map(Element::text).unwrap_or_default()
    }

    /// What the summary of errors says.
    pub fn errors(&self) -> Vec<String> {
        let items = self
            .find("[role=alert]")
            .map(|summary| summary.all("li"))
            .unwrap_or_default();
        items.into_iter().map(Element::text).collect()
    }

    /// The fields that the summary of errors links to.
    pub fn wrong_fields(&self) -> Vec<String> {
        let links = self
            .find("[role=alert]")
            .map(|summary| summary.all("a"))
            .unwrap_or_default();
        let href = |link: Element<'_>| link.attribute("href")?.strip_prefix('#').map(str::to_owned);
        links.into_iter().filter_map(href).collect()
    }

    /// The code of a problem page.
    pub fn problem(&self) -> Option<String> {
        self.find("[data-code]")?.attribute("data-code")
    }

    /// The number that a person would read out to the help line.
    pub fn correlation(&self) -> String {
        self.find(".correlation")
            .map(|line| line.all("code"))
            .and_then(|codes| codes.first().map(|code| code.text()))
            .unwrap_or_default()
    }

    /// All words within `main`, or on the page.
    pub fn words(&self) -> String {
        self.find("main")
            .or_else(|| self.find("body"))
            .map_or_else(|| self.html.clone(), Element::text)
    }

    /// Its forms.
    pub fn forms(&self) -> Vec<Form> {
        self.all("form").into_iter().map(Form::of).collect()
    }

    /// The form that has a field, hidden or not, or a button with this name.
    pub fn form_with(&self, name: &str) -> Option<Form> {
        self.forms().into_iter().find(|form| {
            form.fields.iter().any(|field| field.name == name)
                || form.buttons.iter().any(|button| button.name == name)
        })
    }

    /// The value of a field, wherever it is.
    pub fn value(&self, name: &str) -> Option<String> {
        let form = self.form_with(name)?;
        form.fields
            .into_iter()
            .find(|field| field.name == name)
            .map(|field| field.value)
    }
}

impl<'a> Element<'a> {
    fn node(self) -> &'a Node {
        &self.page.nodes[self.at]
    }

    /// An attribute; empty when it is there without a value.
    pub fn attribute(self, name: &str) -> Option<String> {
        let found = self.node().attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    }

    /// The words in it.
    pub fn text(self) -> String {
        let mut words = Vec::new();
        self.collect(&mut words);
        words.join(" ")
    }

    fn collect(self, words: &mut Vec<&'a str>) {
        let node = self.node();
        if node.tag == "script" || node.tag == "style" {
            return;
        }
        words.extend(node.text.split_whitespace());
        for at in &node.children {
            Element {
                page: self.page,
                at: *at,
            }
            .collect(words);
        }
    }

    /// Every element inside it that fits.
    pub fn all(self, selector: &str) -> Vec<Self> {
        let wanted = Selector::parse(selector);
        let all = (0..self.page.nodes.len()).map(|at| Element { page: self.page, at });
        all.filter(|element| wanted.fits(*element) && element.is_inside(self.at))
            .collect()
    }

    fn is_inside(self, ancestor: usize) -> bool {
        let mut at = self.node().parent;
        while let Some(parent) = at {
            if parent == ancestor {
                return true;
            }
            at = self.page.nodes[parent].parent;
        }
        false
    }
}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}> {:?}", self.node().tag, self.text())
    }
}

#[derive(Default)]
struct Selector {
    tag: Option<String>,
    classes: Vec<String>,
    attributes: Vec<(String, Option<String>)>,
}

impl Selector {
    fn parse(text: &str) -> Self {
        let mut selector = Self::default();
        let mut rest = text;
        let name_end = |text: &str| text.find(['#', '.', '[']).unwrap_or(text.len());
        let end = name_end(rest);
        if end > 0 {
            selector.tag = Some(rest[..end].to_owned());
        }
        rest = &rest[end..];
        while let Some(mark) = rest.chars().next() {
            rest = &rest[1..];
            if mark == '[' {
                let (inside, next) = rest.split_once(']').expect("a closing bracket");
                let (name, value) = match inside.split_once('=') {
                    Some((name, value)) => (name, Some(value.trim_matches('"').to_owned())),
                    None => (inside, None),
                };
                selector.attributes.push((name.to_owned(), value));
                rest = next;
            } else {
                let (name, next) = rest.split_at(name_end(rest));
                match mark {
                    '#' => selector.attributes.push(("id".to_owned(), Some(name.to_owned()))),
                    _ => selector.classes.push(name.to_owned()),
                }
                rest = next;
            }
        }
        selector
    }

    fn fits(&self, element: Element<'_>) -> bool {
        let node = element.node();
        let classes = element.attribute("class").unwrap_or_default();
        !node.tag.is_empty()
            && self.tag.as_ref().is_none_or(|tag| *tag == node.tag)
            && self
                .classes
                .iter()
                .all(|class| classes.split_whitespace().any(|one| one == class))
            && self
                .attributes
                .iter()
                .all(|(name, value)| match (element.attribute(name), value) {
                    (Some(has), Some(wanted)) => has == *wanted,
                    (has, None) => has.is_some(),
                    (None, Some(_)) => false,
                })
    }
}

/// A form.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Where it goes; empty for the page itself.
    pub action: String,
    /// Whether it posts.
    pub posts: bool,
    /// Its fields, hidden ones included.
    pub fields: Vec<Field>,
    /// Its buttons.
    pub buttons: Vec<Button>,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// `hidden`, `text`, `password`, `checkbox`, `radio`, …
    pub kind: String,
    /// What it holds.
    pub value: String,
    /// Whether it is ticked.
    pub checked: bool,
}

/// A button that sends the form.
#[derive(Clone, Debug)]
pub struct Button {
    /// Its name, often empty.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What is on it.
    pub text: String,
}

impl Form {
    fn of(form: Element<'_>) -> Self {
        let text = |element: Element<'_>, name: &str| element.attribute(name).unwrap_or_default();
        let mut found = Self {
            action: text(form, "action"),
            posts: text(form, "method").eq_ignore_ascii_case("post"),
            ..Self::default()
        };
        for element in form.all("[name]") {
            let (name, kind) = (text(element, "name"), text(element, "type").to_ascii_lowercase());
            if element.node().tag != "input" || element.attribute("disabled").is_some() {
                continue;
            }
            let boxed = kind == "checkbox" || kind == "radio";
            let on = if boxed { "on" } else { "" };
            found.fields.push(Field {
                name,
                value: element.attribute("value").unwrap_or_else(|| on.to_owned()),
                checked: !boxed || element.attribute("checked").is_some(),
                kind,
            });
        }
        for area in form.all("textarea") {
            found.fields.push(Field {
                name: text(area, "name"),
                kind: "textarea".to_owned(),
                value: area.text(),
                checked: true,
            });
        }
        for select in form.all("select") {
            let options = select.all("option");
            let chosen = options
                .iter()
                .find(|option| option.attribute("selected").is_some());
            found.fields.push(Field {
                name: text(select, "name"),
                kind: "select".to_owned(),
                value: chosen
                    .or(options.first())
                    .map(|option| text(*option, "value"))
                    .unwrap_or_default(),
                checked: true,
            });
        }
        for button in form.all("button") {
            if !matches!(text(button, "type").as_str(), "button" | "reset") {
                found.buttons.push(Button {
                    name: text(button, "name"),
                    value: text(button, "value"),
                    text: button.text(),
                });
            }
        }
        found
    }

    /// Whether a person can fill in a field of this name.
    pub fn asks(&self, name: &str) -> bool {
        self.fields
            .iter()
            .any(|field| field.name == name && field.kind != "hidden")
    }

    /// What a browser sends when nothing is touched.
    pub fn defaults(&self) -> Vec<(String, String)> {
        let sent = self.fields.iter().filter(|field| field.checked);
        sent.map(|field| (field.name.clone(), field.value.clone()))
            .collect()
    }
}

/// A tag's inside and what follows the `>` that ends it, which quoted values may contain too.
fn split_tag(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some((&text[..at], &text[at + 1..])),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

fn read_tag(tag: &str) -> (String, Vec<(String, String)>) {
    let tag = tag.trim_end_matches('/');
    let end = tag.find(char::is_whitespace).unwrap_or(tag.len());
    let (name, mut rest) = tag.split_at(end);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return (name.to_ascii_lowercase(), attributes);
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '=')
            .unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let (value, next) = match after.trim_start().strip_prefix('=') {
            Some(value) => read_value(value.trim_start()),
            None => ("", after),
        };
        attributes.push((key.to_ascii_lowercase(), unescape(value)));
        rest = next;
    }
}

fn read_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.split_once(quote).unwrap_or((inner, ""));
        }
    }
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let decoded = after
            .split_once(';')
            .and_then(|(name, next)| Some((reference(name)?, next)));
        rest = match decoded {
            Some((c, next)) => {
                out.push(c);
                next
            }
            None => {
                out.push('&');
                after
            }
        };
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
        "nbsp" => Some('\u{a0}'),
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

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = r##"<!doctype html><html lang="en"><head><title>a &lt; b</title><style>p > b {}</style></head>
        <body data-page="register"><form method="post" action="/preferences"><button name="language" value="en">English</button></form>
        <main><div role="alert"><ul><li><a href="#phone">Enter a phone</a></li></ul></div>
        <!-- <form action=/trap> --><h1>Register &amp; go</h1><script>if (a < b) { "<h1>no</h1>" }</script>
        <form method=POST action="/register?x=1&amp;y=2" novalidate><input type="hidden" name="csrf" value="a&#34;b">
        <input type="radio" name="kind" value="resident" checked><input type="radio" name="kind" value="organisation">
        <input name="phone" value="1>2"><input type="checkbox" name="agree"><p class="field wrong">x</p>
        <button class="button">Go on</button><button name="refresh" value="captcha">Another</button></form></main></body></html>"##;

    #[test]
    fn forms_are_read_as_a_browser_sends_them() {
        let page = Page::parse(HTML);
        assert_eq!(
            (page.name().as_str(), page.heading().as_str()),
            ("register", "Register & go")
        );
        assert_eq!(page.all("h1").len(), 1);
        assert_eq!(page.forms().len(), 2);
        let form = page.form_with("phone").unwrap();
        assert_eq!((form.action.as_str(), form.posts), ("/register?x=1&y=2", true));
        let sent: Vec<_> = form
            .defaults()
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(sent, ["csrf=a\"b", "kind=resident", "phone=1>2"]);
        assert_eq!(form.buttons.len(), 2);
        assert_eq!(page.errors(), ["Enter a phone"]);
        assert_eq!(page.wrong_fields(), ["phone"]);
        assert_eq!(page.all("p.field.wrong").len(), 1);
        assert_eq!(
            page.find("html[lang=en]").map(|html| html.all("title").len()),
            Some(1)
        );
    }
}
