//! `completions`: what a shell needs to complete our commands and options.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use super::Exit;
use super::arguments::Arguments;
use super::terminal::Terminal;

pub(super) fn run(shell: Shell, terminal: Terminal) -> Exit {
    terminal.text(&script(shell));
    Exit::Done
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    generate(shell, &mut Arguments::command(), "depeche", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_completes_commands_and_options() {
        for (shell, begins) in [
            (Shell::Bash, "_depeche() {"),
            (Shell::Zsh, "#compdef depeche\n"),
            (Shell::Fish, "# Print an optspec for argparse"),
        ] {
            let script = script(shell);
            assert!(script.starts_with(begins), "{shell}: {script}");
            for word in ["subscribers", "import", "send-test", "dry-run", "completions"] {
                assert!(script.contains(word), "{shell} does not know `{word}`");
            }
        }
    }
}
