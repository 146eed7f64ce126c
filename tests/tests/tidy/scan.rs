//! Enough of Rust's grammar to count lines: what is code and what is comment or text, and where functions end.

/// The source with the inside of comments, strings and characters blanked out; line breaks stay where they are.
pub fn code_only(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match (chars[at], chars.get(at + 1)) {
            ('/', Some('/')) => line_comment(&chars, at),
            ('/', Some('*')) => block_comment(&chars, at),
            ('"', _) => string(&chars, at),
            ('r', Some('"' | '#')) if !is_word(chars.get(at.wrapping_sub(1))) => raw_string(&chars, at),
            ('b', Some('r')) if !is_word(chars.get(at.wrapping_sub(1))) => raw_string(&chars, at + 1),
            ('\'', _) => character(&chars, at),
            _ => at,
        };
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

fn is_word(c: Option<&char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || *c == '_')
}

fn line_comment(chars: &[char], at: usize) -> usize {
    chars[at..]
        .iter()
        .position(|c| *c == '\n')
        .map_or(chars.len(), |n| at + n)
}

fn block_comment(chars: &[char], at: usize) -> usize {
    let mut depth = 0;
    let mut here = at;
    while here < chars.len() {
        match (chars[here], chars.get(here + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                here += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                here += 2;
                if depth == 0 {
                    return here;
                }
            }
            _ => here += 1,
        }
    }
    chars.len()
}

fn string(chars: &[char], at: usize) -> usize {
    let mut here = at + 1;
    while here < chars.len() {
        match chars[here] {
            '\\' => here += 2,
            '"' => return here + 1,
            _ => here += 1,
        }
    }
    chars.len()
}

/// `r"…"`, `r#"…"#`; also steps over a raw identifier `r#type` by not moving.
fn raw_string(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    let open = at + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return at;
    }
    let mut here = open + 1;
    while here < chars.len() {
        if chars[here] == '"'
            && chars[here + 1..]
                .iter()
                .take(hashes)
                .filter(|c| **c == '#')
                .count()
                == hashes
        {
            return here + 1 + hashes;
        }
        here += 1;
    }
    chars.len()
}

/// A character literal, or a lifetime (which is left alone).
fn character(chars: &[char], at: usize) -> usize {
    match chars.get(at + 1) {
        Some('\\') => chars[at + 2..]
            .iter()
            .skip(1)
            .position(|c| *c == '\'')
            .map_or(at, |n| at + 4 + n),
        Some(_) if chars.get(at + 2) == Some(&'\'') => at + 3,
        _ => at,
    }
}

/// A function's name, the line it starts on, and how many lines it takes.
#[derive(Debug, PartialEq)]
pub struct Function {
    pub name: String,
    pub line: usize,
    pub lines: usize,
}

/// Every function with a body, nested ones too.
pub fn functions(code: &str) -> Vec<Function> {
    let chars: Vec<char> = code.chars().collect();
    let mut found = Vec::new();
    let mut line = 1;
    for at in 0..chars.len() {
        if chars[at] == '\n' {
            line += 1;
        }
        let starts = chars[at] == 'f'
            && chars.get(at + 1) == Some(&'n')
            && chars.get(at + 2).is_some_and(|c| c.is_whitespace())
            && (at == 0 || !is_word(chars.get(at - 1)));
        if !starts {
            continue;
        }
        let name: String = chars[at + 2..]
            .iter()
            .skip_while(|c| c.is_whitespace())
            .take_while(|c| is_word(Some(c)))
            .collect();
        if let Some(end) = body_end(&chars, at).filter(|_| !name.is_empty()) {
            let lines = 1 + chars[at..end].iter().filter(|c| **c == '\n').count();
            found.push(Function { name, line, lines });
        }
    }
    found
}

/// Past the closing brace of the first body after `at`; none for a declaration.
fn body_end(chars: &[char], at: usize) -> Option<usize> {
    let mut round = 0;
    let mut braces = 0;
    for (here, c) in chars.iter().enumerate().skip(at) {
        match c {
            '(' | '[' => round += 1,
            ')' | ']' => round -= 1,
            ';' if round == 0 && braces == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces -= 1;
                if braces == 0 && round == 0 {
                    return Some(here + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[test]
fn the_scanner_tells_code_from_text() {
    let source =
        "let a = \"}{ \\\" }\"; // }\nlet b = '{'; /* { /* } */ } */ let c: &'static str = r#\"}\"}\"#;";
    let code = code_only(source);
    assert_eq!(code.matches(['{', '}']).count(), 0, "{code}");
    assert!(code.contains("'static"));
    assert_eq!(code.lines().count(), source.lines().count());
}

#[test]
fn the_scanner_measures_functions() {
    let source =
        "trait T { fn none(&self) -> [u8; 2]; }\nfn one() -> char { '\\'' }\nasync fn three(a: u8)\n{\n}\n";
    let found: Vec<_> = functions(&code_only(source))
        .into_iter()
        .map(|f| (f.name, f.line, f.lines))
        .collect();
    assert_eq!(found, [("one".to_owned(), 2, 1), ("three".to_owned(), 3, 3)]);
}
