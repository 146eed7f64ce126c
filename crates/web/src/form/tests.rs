use super::*;
use crate::page::{Facts, Kit};
use crate::paths::LocalPath;
use axum::extract::Request;
use model::clock::Clock;
use model::language::Language;

const TEXTS: crate::language::Messages = &[
    (
        Language::ZhCn,
        "label = 手机号码\nhint = 中国内地号码\nwrong = 号码 { $what } 不正确",
    ),
    (
        Language::En,
        "label = Phone\nhint = Mainland number\nwrong = Number { $what } is not right",
    ),
    (Language::Vi, "label = Số\nhint = Số\nwrong = { $what }"),
];

fn visit() -> Visit {
    let clock = Clock::manual(chrono::DateTime::UNIX_EPOCH);
    let kit = Kit::for_tests(&[TEXTS], clock).unwrap();
    let (parts, ()) = Request::get("/x")
        .header("accept-language", "en")
        .body(())
        .unwrap()
        .into_parts();
    Visit::read(kit, Facts::of(&parts))
}

#[test]
fn a_field_is_wired_to_its_label_hint_and_error() {
    let errors = Errors::of("phone", Words::with("wrong", vec![("what", "<1>".into())]));
    let html = Field::telephone("phone", "label")
        .hint("hint")
        .value("\"><b>")
        .render(&visit(), &errors)
        .to_string();
    for part in [
        "<label for=\"phone\">Phone</label>",
        "id=\"phone\" name=\"phone\" type=\"tel\"",
        "id=\"phone-hint\">Mainland number<",
        "id=\"phone-error\" data-error=\"wrong\"",
        "aria-describedby=\"phone-hint phone-error\"",
        "aria-invalid=\"true\"",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("<b>") && !html.contains("<1>"), "{html}");
}

#[test]
fn secrets_are_never_written_back() {
    for field in [Field::password("password", "label"), Field::code("code", "label")] {
        let html = field
            .value("hunter2")
            .render(&visit(), &Errors::none())
            .to_string();
        assert!(!html.contains("hunter2") && !html.contains("value="), "{html}");
    }
}

#[test]
fn a_form_carries_its_proof_and_its_hidden_values() {
    let visit = visit();
    let form = FormPage::new("sample", LocalPath::known("/sample"))
        .hidden("interaction", "a\"b")
        .field(Field::text("name", "label"))
        .checkbox(Checkbox::new("agree", "label").checked(true))
        .radios(
            Radios::new("kind", "label")
                .option("resident", "label")
                .option("organisation", "hint")
                .chosen("resident"),
        )
        .button(Button::primary("label").sends("decision", "allow").guarded());
    let html = form.render(&visit, &Errors::none()).to_string();
    let proof = visit.kit().csrf_key().token(&visit.browser_hash(), "sample");
    for part in [
        "method=\"post\" action=\"/sample\"",
        proof.as_str(),
        "name=\"interaction\" value=\"a&#34;b\"",
        "type=\"checkbox\" id=\"agree\" name=\"agree\" value=\"yes\" checked",
        "id=\"kind\" name=\"kind\" value=\"resident\" checked",
        "id=\"kind-1\" name=\"kind\" value=\"organisation\">",
        "name=\"decision\" value=\"allow\" data-guarded",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
}

#[test]
fn a_field_keeps_its_first_error_and_the_code_is_stable() {
    let mut errors = Errors::none();
    errors.add("phone", "wrong");
    errors.add("phone", "other");
    errors.add_general("general");
    assert_eq!(errors.for_field("phone").and_then(Words::code), Some("wrong"));
    assert_eq!(errors.all().len(), 2);
}

#[test]
fn a_form_with_a_file_is_sent_in_parts_and_a_long_text_is_kept() {
    let form = FormPage::new("x", LocalPath::known("/x"));
    assert!(
        !form
            .clone()
            .render(&visit(), &Errors::none())
            .to_string()
            .contains("enctype")
    );
    let form = form
        .file(FilePicker::picture("front", "label").hint("hint"))
        .area(TextArea::new("text", "label", 500).value("</textarea><b>"));
    let html = form.render(&visit(), &Errors::of("front", "hint")).to_string();
    for part in [
        "enctype=\"multipart/form-data\"",
        "type=\"file\" id=\"front\" name=\"front\" accept=\"image/jpeg,image/png\"",
        "aria-describedby=\"front-hint front-error\"",
        "maxlength=\"500\"",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("capture") && !html.contains("<b>"), "{html}");
}
