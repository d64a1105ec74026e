// Sends as many letters as are asked for with nodemailer, over connections that it keeps, each signed by DKIM, and prints
// how many a second: node nodemailer.js PORT LETTERS CONNECTIONS KEY BYTES, with nodemailer in NODE_PATH.
"use strict";

const { readFileSync } = require("node:fs");
const nodemailer = require("nodemailer");

const [port, letters, connections, key, bytes] = process.argv.slice(2);
const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port: Number(port),
  ignoreTLS: true,
  pool: true,
  maxConnections: Number(connections),
  maxMessages: Infinity,
  dkim: { domainName: "presse.example.org", keySelector: "r", privateKey: readFileSync(key, "utf8") },
});

// Half of a letter each; quoted-printable makes an accent six characters.
const sentence = "Le pont rouvre après dix-huit mois de travaux sur la rivière. ";
const words = sentence.repeat(Math.round(Number(bytes) / 2 / (sentence.length + 10)));

function letter(number) {
  const url = `https://presse.example.org/u/${number}`;
  return {
    from: "presse@presse.example.org",
    to: `lectrice.${number}@journal.example`,
    subject: "Le pont rouvre",
    text: `${words}\n${url}`,
    html: `<p>${words}</p><p><a href="${url}">Ne plus recevoir</a></p>`,
  };
}

(async () => {
  const started = process.hrtime.bigint();
  await Promise.all(Array.from({ length: Number(letters) }, (_, number) => transport.sendMail(letter(number))));
  console.log(Number(letters) / (Number(process.hrtime.bigint() - started) / 1e9));
  transport.close();
})();
