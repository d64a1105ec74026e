//! Conversations as a mail server holds them, and a Maildir.
