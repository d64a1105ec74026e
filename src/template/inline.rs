//! Styles for the sanitised HTML in letters: mail programs drop style sheets, so each tag carries its own.
//!
//! Only what the sanitiser writes is understood: tags closed, attribute values between double quotes, `<` only where a
//! tag begins. It adds `style` attributes and changes nothing else.

/// What each tag is given. Colours keep a contrast of at least 4.5 on white and on the letter's own background.
const STYLES: [(&str, &str); 16] = [
    ("a", "color:#0b4a8f;text-decoration:underline"),
    ("blockquote", "margin:0 0 16px;padding:0 0 0 16px;border-left:3px solid #b8c4d0;color:#3d4a57"),
    ("code", "font-family:Consolas,Menlo,monospace;font-size:15px"),
    ("dd", "margin:0 0 8px 24px"),
    ("dt", "margin:0;font-weight:bold"),
    ("h2", "margin:24px 0 8px;font-size:20px;line-height:1.3"),
    ("h3", "margin:20px 0 8px;font-size:18px;line-height:1.3"),
    ("h4", "margin:16px 0 8px;font-size:17px;line-height:1.3"),
    ("img", "max-width:100%;height:auto;border:0"),
    ("li", "margin:0 0 6px"),
    ("ol", "margin:0 0 16px;padding:0 0 0 24px"),
    ("p", "margin:0 0 16px"),
    ("pre", "margin:0 0 16px;white-space:pre-wrap"),
    ("td", "padding:6px 12px 6px 0;border-bottom:1px solid #d5dce3;vertical-align:top"),
    ("th", "padding:6px 12px 6px 0;border-bottom:2px solid #8594a3;text-align:left"),
    ("ul", "margin:0 0 16px;padding:0 0 0 24px"),
];

/// The fragment `html`, as the sanitiser wrote it, with a `style` attribute on each tag that mail programs would show
/// badly without. A tag that has a style of its own keeps it.
///
/// ```
/// use depeche::template::inline_styles;
///
/// assert_eq!(inline_styles("<p>One &lt; two</p>"), r#"<p style="margin:0 0 16px">One &lt; two</p>"#);
/// ```
#[must_use]
pub fn inline_styles(html: &str) -> String {
    let mut out = String::with_capacity(html.len() * 2);
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        let (text, tag) = rest.split_at(open);
        out.push_str(text);
        let end = tag.find('>').map_or(tag.len(), |close| close + 1);
        let (tag, after) = tag.split_at(end);
        style_tag(tag, &mut out);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Writes one tag, with its style right after its name.
fn style_tag(tag: &str, out: &mut String) {
    let inside = &tag[1..];
    let name_end = inside.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inside.len());
    let (name, attributes) = inside.split_at(name_end);
    let style = STYLES.iter().find(|(known, _)| *known == name).map(|(_, style)| *style);
    match style {
        Some(style) if !attributes.contains(" style=\"") => {
            out.push('<');
            out.push_str(name);
            out.push_str(" style=\"");
            out.push_str(style);
            out.push('"');
            out.push_str(attributes);
        }
        Some(_) | None => out.push_str(tag),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_styled_and_everything_else_stays() {
        let html = "avant <p class=\"x\">a <strong>b</strong> <a href=\"https://x.org/?p=1&amp;q=2\">p &gt; a</a><br />\
                    <p style=\"color:#111111\">c</p><pre>d</pre></p> après <";
        assert_eq!(
            inline_styles(html),
            "avant <p style=\"margin:0 0 16px\" class=\"x\">a <strong>b</strong> \
             <a style=\"color:#0b4a8f;text-decoration:underline\" href=\"https://x.org/?p=1&amp;q=2\">p &gt; a</a><br />\
             <p style=\"color:#111111\">c</p><pre style=\"margin:0 0 16px;white-space:pre-wrap\">d</pre></p> après <"
        );
    }
}
