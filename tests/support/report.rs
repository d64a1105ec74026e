//! Reports as mail servers send them, about letters that were read before.

/// A report that says of the letter to `to` that a server did `action`, with this status and diagnostic; `envelope` is
/// whom it is sent to, `id` tells it from others.
pub(crate) fn dsn(envelope: &str, to: &str, what: [&str; 3], letter: &str, id: &str) -> String {
    let [action, status, diagnostic] = what;
    format!(
        "Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: {envelope}\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <{id}@mx.example>\r\nAuto-Submitted: auto-replied\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"=b\"\r\n\r\n\
         --=b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n\r\n\
         --=b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; {to}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: {diagnostic}\r\n\r\n\
         --=b\r\nContent-Type: text/rfc822-headers\r\n\r\n{letter}\r\n\r\n--=b--\r\n"
    )
}

/// A feedback report of this type on the letter with these headers, sent to `envelope`.
pub(crate) fn feedback(kind: &str, envelope: &str, letter: &str) -> String {
    format!(
        "From: fbl@provider.example\r\nTo: {envelope}\r\nMessage-ID: <{kind}@provider.example>\r\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=f\r\n\r\n\
         --f\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nVersion: 1\r\n\r\n\
         --f\r\nContent-Type: message/rfc822\r\n\r\nFrom: presse@presse.example.org\r\n{letter}\r\n\r\n\
         Un pont.\r\n--f--\r\n"
    )
}
