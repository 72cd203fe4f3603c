// Checks a signed code: base45 (RFC 9285), CBOR (RFC 8949), COSE_Sign1 (RFC 9052), CWT (RFC 8392), ES256.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const keys = new Map(data.keys.map((key) => [key.kid, key]));
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const at = (id) => document.getElementById(id);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

class NotACode extends Error {}
const demand = (condition) => { if (!condition) throw new NotACode(); };

function fromBase45(text) {
  const digits = Array.from(text, (character) => ALPHABET.indexOf(character));
  demand(!digits.includes(-1) && digits.length % 3 !== 1);
  const out = [];
  for (let start = 0; start < digits.length; start += 3) {
    const group = digits.slice(start, start + 3);
    const value = group.reduce((sum, digit, place) => sum + digit * 45 ** place, 0);
    demand(value < 256 ** (group.length - 1));
    if (group.length === 3) out.push(value >> 8);
    out.push(value & 255);
  }
  return Uint8Array.from(out);
}

// Only what a code holds: integers, byte and text strings, arrays, maps and a tag, all of stated length.
function readCbor(bytes) {
  let place = 0;
  const take = (length) => {
    demand(place + length <= bytes.length);
    place += length;
    return bytes.subarray(place - length, place);
  };
  const argument = (short) => {
    if (short < 24) return short;
    demand(short <= 26);
    return take(1 << (short - 24)).reduce((sum, byte) => sum * 256 + byte, 0);
  };
  const value = (depth) => {
    demand(depth < 8);
    const first = take(1)[0];
    const count = argument(first & 31);
    switch (first >> 5) {
      case 0: return count;
      case 1: return -1 - count;
      case 2: return take(count);
      case 3: return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(take(count));
      case 4: return Array.from({ length: Math.min(count, 64) }, () => value(depth + 1));
      case 5: return new Map(Array.from({ length: Math.min(count, 64) }, () => [value(depth + 1), value(depth + 1)]));
      case 6: return { tag: count, value: value(depth + 1) };
      default: throw new NotACode();
    }
  };
  const read = value(0);
  demand(place === bytes.length);
  return read;
}

const byteString = (bytes) => {
  const head = bytes.length < 24 ? [0x40 + bytes.length] : bytes.length < 256 ? [0x58, bytes.length] : [0x59, bytes.length >> 8, bytes.length & 255];
  return [...head, ...bytes];
};
// Sig_structure: ["Signature1", protected, external_aad, payload].
const signedBytes = (header, payload) =>
  Uint8Array.from([0x84, 0x6a, ...new TextEncoder().encode("Signature1"), ...byteString(header), 0x40, ...byteString(payload)]);

function read(text) {
  demand(text.startsWith("CE1:") && text.length < 4300);
  const outer = readCbor(fromBase45(text.slice(4)));
  demand(outer.tag === 18 && outer.value.length === 4);
  const [header, open, payload, signature] = outer.value;
  demand(header instanceof Uint8Array && payload instanceof Uint8Array && signature instanceof Uint8Array);
  demand(open instanceof Map && open.size === 0 && signature.length === 64);
  const names = readCbor(header), claims = readCbor(payload);
  demand(names.get(1) === -7 && names.get(4) instanceof Uint8Array && claims.get(-65537) instanceof Map);
  const facts = {};
  for (const [place, value] of claims.get(-65537)) {
    demand(place in data.fields && typeof value === "string");
    facts[data.fields[place]] = value;
  }
  demand(typeof claims.get(1) === "string" && Number.isInteger(claims.get(6)));
  return { header, payload, signature, kid: hex(names.get(4)), issuer: claims.get(1), issuedAt: claims.get(6), facts };
}

async function check(text) {
  let code;
  try {
    code = read(text.replace(/^[\r\n\t]+|[\r\n\t]+$/g, ""));
  } catch {
    return { outcome: "unreadable" };
  }
  const key = keys.get(code.kid);
  if (!key) return { outcome: "unknown_key", code };
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const published = await crypto.subtle.importKey("jwk", key.jwk, algorithm, false, ["verify"]);
  const good = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, published, code.signature, signedBytes(code.header, code.payload));
  if (!good) return { outcome: "changed", code };
  if (key.compromised_since) return { outcome: "key_lost", code };
  if (code.issuedAt < key.not_before || code.issuedAt > key.not_after) return { outcome: "key_ended", code, key };
  if (!/^https?:\/\//.test(code.issuer) || !code.facts.code) return { outcome: "no_status", code, key };
  const today = new Date().toLocaleDateString("sv-SE");
  return { outcome: code.facts.expires_on && code.facts.expires_on < today ? "expired" : "valid", code, key };
}

const VERDICTS = {
  valid: ["good", "✓ 签名成立，内容未被改动", "Valid: signed by the issuer and unchanged. Compare every field with the paper, and the photograph with the person."],
  expired: ["doubt", "签名成立，但证书有效期已过", "The signature holds, but the certificate has expired."],
  changed: ["bad", "✗ 内容与签名不符：被改动过", "Changed: the contents are not those signed."],
  unknown_key: ["doubt", "? 签名的公钥不在本页中，不能确认", "Unknown key: not in this page. It may be newer than this page, or a forgery."],
  key_ended: ["bad", "✗ 签发时，该公钥不在有效期内", "The key was not in force when this was issued."],
  key_lost: ["doubt", "? 签名密钥已被宣布泄露，离线不能判断：请联网查验", "The signing key was declared compromised: only the online check can tell."],
  no_status: ["bad", "✗ 没有写明在哪里查询状态，不能确认是否已被撤销", "It does not say where its status is asked: it could hide a revocation."],
  unreadable: ["bad", "✗ 不是证书的离线验真码，或二维码不完整", "Not the signed code of a certificate, or an incomplete one."],
  no_picture: ["doubt", "照片中没有找到二维码：请拍得更近、更清楚", "No signed code found in the picture: come nearer and keep it sharp."],
};

const element = (name, text, parent, attributes = {}) => {
  const made = Object.assign(document.createElement(name), attributes);
  made.textContent = text;
  parent.append(made);
  return made;
};

function row(list, zh, en, value) {
  const label = element("dt", zh + " ", list);
  element("small", en, label, { lang: "en" });
  element("dd", value, list);
}

function show({ outcome, code, key }) {
  const place = at("result");
  place.replaceChildren();
  place.dataset.outcome = outcome;
  const [kind, zh, en] = VERDICTS[outcome];
  const verdict = element("p", zh, place, { className: "verdict " + kind });
  element("small", en, verdict, { lang: "en" });
  // What nobody has vouched for is not shown as if it were a certificate.
  if (code && key) {
    const list = element("dl", "", place);
    for (const [zhLabel, enLabel, names] of data.rows) {
      const value = names.map((name) => (data.words[name] || {})[code.facts[name]] || code.facts[name]).filter(Boolean).join(" ");
      if (value) row(list, zhLabel, enLabel, value);
    }
    row(list, "签名机构", "Signed by", key.institution);
    row(list, "签名时间", "Signed at", new Date(code.issuedAt * 1000).toLocaleString("zh-CN", { timeZone: "Asia/Shanghai" }));
    const note = element("p", "离线只能确认签发时的内容。此后是否被暂停、撤销或替换，请联网查验：", place);
    if (outcome !== "no_status") element("a", code.issuer + "/v/" + code.facts.code, note, { href: code.issuer + "/v/" + encodeURIComponent(code.facts.code), rel: "noreferrer" });
    element("small", "Whether it was suspended, revoked or replaced later is known online only.", note, { lang: "en" });
  }
  place.scrollIntoView({ block: "nearest" });
}

// The browser's own reader where it has one, else the one in this page; a sheet has two codes, ours begins with CE1:.
async function codeIn(source) {
  const ours = (texts) => texts.find((text) => typeof text === "string" && text.startsWith("CE1:"));
  if ("BarcodeDetector" in globalThis) {
    try {
      const found = ours((await new BarcodeDetector({ formats: ["qr_code"] }).detect(source)).map((each) => each.rawValue));
      if (found) return found;
    } catch { /* Some browsers name a reader that they do not have. */ }
  }
  const width = source.videoWidth || source.width, height = source.videoHeight || source.height;
  const scale = Math.min(1, 2600 / Math.max(width, height));
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(width * scale), height: Math.round(height * scale) });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  const [texts] = await decodeQRBatch([context.getImageData(0, 0, canvas.width, canvas.height)]);
  return ours(texts);
}

at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  show(await check(at("text").value));
});

at("picture").addEventListener("change", async () => {
  const [file] = at("picture").files;
  if (!file) return;
  let found;
  try {
    found = await codeIn(await createImageBitmap(file));
  } catch { /* Not a picture. */ }
  if (found) at("text").value = found;
  show(found ? await check(found) : { outcome: "no_picture" });
});

let stream;
const stop = () => {
  if (stream) for (const track of stream.getTracks()) track.stop();
  stream = undefined;
  at("video").hidden = at("stop").hidden = true;
};
at("stop").addEventListener("click", stop);
at("camera").addEventListener("click", async () => {
  const video = at("video");
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 } } });
  } catch {
    show({ outcome: "no_picture" });
    return;
  }
  video.srcObject = stream;
  video.hidden = at("stop").hidden = false;
  await video.play();
  while (stream) {
    const found = await codeIn(video).catch(() => undefined);
    if (found) {
      stop();
      at("text").value = found;
      show(await check(found));
      return;
    }
    await new Promise((resume) => setTimeout(resume, 150));
  }
});

for (const key of keys.values()) element("li", `${key.institution} · ${key.kid}`, at("keys"));
