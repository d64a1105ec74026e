//! The reader on each rule of kramdown's; what it should say was seen in kramdown's own output.

#![expect(clippy::wildcard_enum_match_arm, reason = "only emphasis is looked for")]

use super::*;

/// What a tree shows, in a short form of HTML.
fn shown(elements: &[Element]) -> String {
    elements.iter().map(show).collect()
}

fn show(element: &Element) -> String {
    let inside = || shown(&element.children);
    let list = element.list.as_ref().map_or(String::new(), |list| {
        let id = list.id.as_ref().map(|id| format!("#{id}")).unwrap_or_default();
        let others: Vec<_> = list.others.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        let classes: Vec<_> = list.classes.iter().map(|class| format!(".{class}")).collect();
        classes.concat() + &id + &others.concat()
    });
    let wrap = |name: &str| format!("<{name}{list}>{}</{name}>", inside());
    match &element.kind {
        Kind::Blank(_) | Kind::Boundary(_) => String::new(),
        Kind::Paragraph { transparent: true } => inside(),
        Kind::Paragraph { transparent: false } => wrap("p"),
        Kind::Heading { level, id } => {
            let id = id.as_ref().map(|id| format!("#{id}")).unwrap_or_default();
            format!("<h{level}{list}{id}>{}</h{level}>", inside())
        }
        Kind::Rule => "<hr>".to_owned(),
        Kind::Quote => wrap("q"),
        Kind::CodeBlock { code, language } => format!("<pre{list}{}>{code}</pre>", language.as_deref().unwrap_or("")),
        Kind::List { ordered } => wrap(if *ordered { "ol" } else { "ul" }),
        Kind::Item => wrap("li"),
        Kind::DefinitionList => wrap("dl"),
        Kind::Term => wrap("dt"),
        Kind::Definition => wrap("dd"),
        Kind::Table { alignments } => {
            let letter = |alignment: &Alignment| match alignment {
                Alignment::Default => '-',
                Alignment::Left => 'l',
                Alignment::Center => 'c',
                Alignment::Right => 'r',
            };
            format!("<table {}>{}</table>", alignments.iter().map(letter).collect::<String>(), inside())
        }
        Kind::Head => wrap("thead"),
        Kind::Body => wrap("tbody"),
        Kind::Foot => wrap("tfoot"),
        Kind::Row => wrap("tr"),
        Kind::Cell => wrap("td"),
        Kind::Html(tag) => {
            let attributes = tag.attributes.iter().map(|attribute| format!(" {}={}", attribute.name, attribute.value));
            let attributes = attributes.collect::<Vec<_>>().concat();
            let end = if tag.closed { format!("</{}>", tag.name) } else { "…".to_owned() };
            format!("<{}{attributes}>{}{end}", tag.name, inside())
        }
        Kind::Comment => "<!>".to_owned(),
        Kind::Declaration => "<?>".to_owned(),
        Kind::RawHtml(html) => format!("[{}]", html.text),
        Kind::Words(words) => panic!("{words:?} was not read"),
        Kind::Text(text) | Kind::Verbatim(text) => text.clone(),
        Kind::Emphasis => wrap("em"),
        Kind::Strong => wrap("b"),
        Kind::Struck => wrap("del"),
        Kind::Code(code) => format!("<code{list}>{code}</code>"),
        Kind::Link { address, title } => {
            let title = title.as_ref().map(|title| format!(" '{title}'")).unwrap_or_default();
            format!("<a{list} {address}{title}>{}</a>", inside())
        }
        Kind::Image { address, title, alternative } => {
            format!("<img{list} {address} '{}' {alternative}>", title.as_deref().unwrap_or(""))
        }
        Kind::Break => "<br>".to_owned(),
        Kind::Call(name) => format!("[^{name}]"),
        Kind::Abbreviation { meaning } => format!("<abbr {meaning}>{}</abbr>", inside()),
        Kind::Math { formula, .. } => format!("${formula}$"),
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(shown(&parse(&Chunk::whole(text)).elements), expected, "{text}");
}

#[test]
fn paragraphs_end_where_kramdown_ends_them() {
    check("a\nb  \nc\\\nd\\\\\ne", "<p>a\nb<br>\nc<br>\nd<br>\ne</p>");
    check("a\n# b\nc\n> d\ne\n\n* f", "<p>a</p><h1#b>b</h1><p>c</p><q><p>d\ne</p></q><ul><li>f</li></ul>");
    check("a\n***\nb\n\n***", "<p>a\n***\nb</p><hr>");
    check("a\n===\n\nb\n---\nc", "<h1#a>a</h1><h2#b>b</h2><p>c</p>");
    check("a\n^\nb", "<p>a</p><p>b</p>");
}

#[test]
fn headings_have_the_ids_of_the_github_flavour() {
    check(
        "# L'été à 100 %\n## L'été à 100 %\n## A *b* `c`\n## D {#e}\n#f",
        "<h1#lété-à-100->L’été à 100 %</h1><h2#lété-à-100--1>L’été à 100 %</h2><h2#a-b-c>A <em>b</em> <code>c</code></h2>\
         <h2#e>D</h2><p>#f</p>",
    );
    check("## A ##\n{: .k}\n## B #1", "<h2.k#a>A</h2><h2#b-1>B #1</h2>");
    check("{::options auto_ids=\"false\" /}\n\n## A", "<h2>A</h2>");
}

#[test]
fn equal_headings_in_notes_are_counted_as_the_notes_are_shown() {
    let text =
        "a[^b] b[^a]\n\n# T\n\n[^a]:\n    # T\n\n[^b]:\n    # T\n\n    c[^c]\n\n[^d]:\n    # T\n\n[^c]:\n    # T\n";
    for _ in 0..20 {
        let document = parse(&Chunk::whole(text));
        let heading =
            |name: &str| shown(&document.notes[name].elements).split_inclusive("</h1>").next().unwrap().to_owned();
        assert_eq!(
            ["b", "a", "c", "d"].map(heading),
            ["<h1#t-1>T</h1>", "<h1#t-2>T</h1>", "<h1#t-3>T</h1>", "<h1#t-4>T</h1>"]
        );
    }
}

#[test]
fn lists_follow_the_column_of_their_words() {
    check("* a\n\n* b\n* c", "<ul><li><p>a</p></li><li>b</li><li>c</li></ul>");
    check("* a\n  * b\n\n    c\n* d\ne", "<ul><li>a\n<ul><li><p>b</p><p>c</p></li></ul></li><li>d\ne</li></ul>");
    check("3. a\n   - b\n4. c", "<ol><li>a\n<ul><li>b</li></ul></li><li>c</li></ol>");
    check("* a\n\nb\n\n* c\n^\n* d", "<ul><li>a</li></ul><p>b</p><ul><li>c</li></ul><ul><li>d</li></ul>");
    check("* {:.k} a\n*\tb\n{:.l}", "<ul.l><li.k>a</li><li>b</li></ul>");
    check("1) a\n*b", "<p>1) a\n*b</p>");
}

#[test]
fn definitions_stand_below_their_terms() {
    check("a\nb\n: c\n: d\n\n  e", "<dl><dt>a</dt><dt>b</dt><dd>c</dd><dd>d\n<p>e</p></dd></dl>");
    check("a\n\n: c\n\nd\n: e", "<dl><dt>a</dt><dd><p>c</p></dd><dt>d</dt><dd>e</dd></dl>");
    check(": c", "<p>: c</p>");
}

#[test]
fn tables_need_no_line_of_dashes() {
    check("a | b", "<table --><tbody><tr><td>a</td><td>b</td></tr></tbody></table>");
    check(
        "|A|B|C|\n|---|:-:|--:|\n|a|`|`|\\||\n|---\n|b|\n|===\n|c|",
        "<table -cr><thead><tr><td>A</td><td>B</td><td>C</td></tr></thead>\
         <tbody><tr><td>a</td><td><code>|</code></td><td>|</td></tr></tbody>\
         <tbody><tr><td>b</td><td></td><td></td></tr></tbody><tfoot><tr><td>c</td><td></td><td></td></tr></tfoot></table>",
    );
    check("a | b\nc", "<p>a | b\nc</p>");
    check("`a | b`", "<p><code>a | b</code></p>");
}

#[test]
fn code_stands_behind_spaces_or_between_fences() {
    check("    a\n\n    b\n\nc", "<pre>a\n\nb\n</pre><p>c</p>");
    check("~~~ ruby\na *b*\n~~~~\n```\nc", "<preruby>a *b*\n</pre><p>```\nc</p>");
    check("`` a`b `` ` c` `d", "<p><code>a`b</code> ` c<code> </code>d</p>");
}

#[test]
fn emphasis_opens_and_closes_as_in_kramdown() {
    check("**a,**b **« c »** d**(e)**f", "<p><b>a,</b>b <b>« c »</b> d<b>(e)</b>f</p>");
    check("*a **b** c* _d_e_ f_g_h", "<p><em>a <b>b</b> c</em> <em>d_e</em> f_g_h</p>");
    check("**a ** b** * c *", "<p><b>a ** b</b> * c *</p>");
    check("***a*** **b*c**", "<p><b><em>a</em></b> <b>b*c</b></p>");
    check("~~a~~ ~b~", "<p><del>a</del> ~b~</p>");
}

#[test]
fn links_are_found_with_their_titles_and_lists() {
    check(
        "[a *b*](/c \"d e\"){:.k} [f](<g h>) ![i](/j){: width=\"3\"} [k](l(m)n)",
        "<p><a.k /c 'd e'>a <em>b</em></a> <a g h>f</a> <img width=3 /j '' i> <a l(m)n>k</a></p>",
    );
    check("[a][B] [b]. [c]\n\n[b]: /x y \"t\"\n{:.k}", "<p><a.k /x y 't'>a</a> <a.k /x y 't'>b</a>. [c]</p>");
    check(
        "<https://a.fr/?b&c> <d@e.fr> <f>",
        "<p><a https://a.fr/?b&c>https://a.fr/?b&c</a> <a mailto:d@e.fr>d@e.fr</a> <f>…</p>",
    );
    check("[a](b [c](d)", "<p>[a](b <a d>c</a></p>");
}

#[test]
fn lists_of_attributes_find_their_elements() {
    check("{:n: .x title='t'}\na\n{: n .y #z}", "<p.x.y#z title=t>a</p>");
    check("{: .k}\na\n\n> b\n{: .l}\n{: .m}\n> c", "<p.k>a</p><q.l.m><p>b</p></q><q><p>c</p></q>");
    check("a *b*{:.k} « c »{:.l}", "<p.l>a <em.k>b</em> « c »</p>");
    check("![a](b){:standalone .k}", "<p><img.k b '' a></p>");
}

#[test]
fn extensions_do_what_they_say() {
    check("{::comment}\na\n{:/comment}\n\nb {::comment}c{:/} d", "<p>b  d</p>");
    check("{::nomarkdown}\n*a*\n{:/}\n\n{::nomarkdown type='latex'}b{:/}", "[*a*\n]<p></p>");
    check("{::x}a{:/x}", "<p>a</p>");
}

#[test]
fn a_table_of_contents_takes_the_place_of_its_list() {
    check(
        "* TOC\n{:toc}\n\n# A\n### B\n## C\n{:.no_toc}\n# D",
        "<ul#markdown-toc><li><a#markdown-toc-a #a>A</a><ul><li><a#markdown-toc-b #b>B</a></li></ul></li>\
         <li><a#markdown-toc-d #d>D</a></li></ul><h1#a>A</h1><h3#b>B</h3><h2.no_toc#c>C</h2><h1#d>D</h1>",
    );
}

#[test]
fn abbreviations_are_explained_wherever_they_stand() {
    check("Le HTML, HTMLs.\n\n*[HTML]: Hyper *Text*", "<p>Le <abbr Hyper *Text*>HTML</abbr>, HTMLs.</p>");
}

#[test]
fn html_keeps_its_text_unless_it_asks_for_markdown() {
    check("<div class=\"a\">\n*b*\n</div>\n*c*", "<div class=a>\n*b*\n</div><p><em>c</em></p>");
    check("<div markdown=\"1\">\n*b*\n</div>", "<div><p><em>b</em></p></div>");
    check("<p markdown=\"span\">*b*</p> <b>*c*</b>", "<p><em>b</em></p><p><b><em>c</em></b></p>");
    check("a <b>c</b> <code>*d*</code> <br> <!-- e --> </i>", "<p>a <b>c</b> <code>*d*</code> <br></br> <!> </i></p>");
    check("<ul><li>a</ul>\n\nb", "<ul><li>a</ul>\n\nb\n……");
    check("a\n<div>b</div>c", "<p>a</p><div>b</div><p>c</p>");
}

#[test]
fn notes_are_called_and_formulas_left() {
    let document = parse(&Chunk::whole("a[^n] $$x$$\n\n$$y$$\n\n[^n]: b\n    c\n\n    d\ne"));
    assert_eq!(shown(&document.elements), "<p>a[^n] $x$</p>$y$");
    assert_eq!(shown(&document.notes["n"].elements), "<p>b\nc</p><p>d\ne</p>");
}

fn emphasis(elements: &[Element]) -> Option<&Element> {
    elements.iter().find_map(|element| match element.kind {
        Kind::Emphasis => Some(element),
        _ => emphasis(&element.children),
    })
}

#[test]
fn places_lead_back_to_the_file() {
    let text = "> * a\n>   b *c*\n";
    let document = parse(&Chunk::whole(text));
    let range = emphasis(&document.elements).unwrap().range.clone();
    assert_eq!(&text[range], "*c*");
}
