#!/usr/bin/env python3
"""Verify a praxis ledger with nothing but the Python standard library.

Written from docs/reference/ledger-format.md alone, so that the format does not
rest on one program's word.

    verify_ledger.py LEDGER [--key VERIFIER_KEY_OR_FILE] [--evidence FILE] [--anchor FILE] [--archived] [--json]
                     [--witness-key VERIFIER_KEY_OR_FILE] [--witnessed FILE] [--tsa-cert PEM] [--openssl PROGRAM]

Python has no RSA and no X.509, so time stamps (RFC 3161) are given to `openssl ts -verify`; without that program they
cannot be checked. Whatever was not checked is named in the answer.

Exit codes: 0 whole, 1 not whole, 2 wrong use, 3 cannot be read or cannot be checked.
"""

import argparse
import base64
import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

LINE_BYTES_MAX = 1048576
GENESIS = "0" * 64
ID, TEXT, COUNT, FLAG, JSON, ERROR, KIND, DECISION, VERSION = range(9)
KINDS = {"session", "segment", "read", "refusal", "intent", "outcome", "control", "recovery", "interrupted"}
DECISIONS = {"allowed", "denied", "error", "session"}
FIELDS = {
    "action_id": ID, "approval_id": ID, "approver": TEXT, "args": JSON, "args_len": COUNT, "args_sha256": ID,
    "client_id": ID, "decision": DECISION, "decision_id": ID, "dry_run": FLAG, "duration_us": COUNT, "error": ERROR,
    "host": TEXT, "host_type": TEXT, "intent_seq": COUNT, "kind": KIND, "mode": ID, "origin_id": ID,
    "output_len": COUNT, "output_sha256": ID, "patterns_version": ID, "policy_version": ID, "prev_hash": ID,
    "principal": TEXT, "reason": TEXT, "request_id": ID, "seq": COUNT, "session_id": ID, "target": TEXT,
    "tier": ID, "tool": TEXT, "trace_id": ID, "ts": ID, "v": VERSION,
}
# Left out when null; every other member is always there.
OPTIONAL = {
    "action_id", "approval_id", "approver", "args_len", "args_sha256", "decision_id", "dry_run", "duration_us",
    "host", "host_type", "intent_seq", "mode", "policy_version", "session_id", "trace_id",
}
REQUIRED = ("decision", "kind", "origin_id", "prev_hash", "reason", "seq", "ts")
TS = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z\Z")
TAIL = re.compile(rb'^(.*),"entry_hash":"([^"]{64})"\}$', re.S)


class Bad(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


# ---- canonical JSON (RFC 8785) ------------------------------------------------------------

class Number(str):
    pass


def js_number(token):
    value = float(token)
    if value != value or value in (float("inf"), float("-inf")):
        raise Bad("not_canonical")
    if value == 0:
        return "0"
    sign, value = ("-", -value) if value < 0 else ("", value)
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = whole + fraction
    point = len(whole) + (int(exponent) if exponent else 0)
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        text = digits + "0" * (point - count)
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        power = point - 1
        text = digits[0] + ("." + digits[1:] if count > 1 else "") + "e" + ("+" if power > 0 else "-") + str(abs(power))
    return sign + text


ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
ESCAPED = re.compile(r'["\\\x00-\x1f]')


def js_string(text):
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise Bad("not_canonical")
    return '"' + ESCAPED.sub(lambda m: ESCAPES.get(m.group(), "\\u%04x" % ord(m.group())), text) + '"'


ARGS_DEPTH_MAX, ARGS_NODES_MAX, ARGS_CHARS_MAX = 64, 20000, 65536


def keeps_bounds(args):
    """Whether arguments are as small as a writer makes them: beyond the bounds it puts markers in their place."""
    nodes = chars = 0
    waiting = [(args, 0)]
    while waiting:
        value, depth = waiting.pop()
        nodes += 1
        if isinstance(value, Number):
            chars += len(js_number(value))
        elif isinstance(value, str):
            chars += units(js_string(value))
        elif isinstance(value, (list, dict)):
            if depth >= ARGS_DEPTH_MAX:
                return False
            if isinstance(value, dict):
                chars += sum(units(js_string(name)) + 1 for name in value)
                value = value.values()
            waiting += [(item, depth + 1) for item in value]
        if nodes > ARGS_NODES_MAX or chars > ARGS_CHARS_MAX:
            return False
    return True


def canonical(value):
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, Number):
        return js_number(value)
    if isinstance(value, str):
        return js_string(value)
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(js_string(key) + ":" + canonical(value[key]) for key in keys) + "}"


def parse(text):
    def constant(_):
        raise ValueError("no JSON number")
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=constant)


# ---- records ------------------------------------------------------------------------------

def units(text):
    return len(text.encode("utf-16-be", "surrogatepass")) // 2


def is_text(value, longest):
    return isinstance(value, str) and not isinstance(value, Number) and units(value) <= longest


def is_count(value):
    return isinstance(value, Number) and value.isdigit() and int(value) <= 9007199254740991


def fits(kind, value):
    if kind == KIND:
        return value in KINDS
    if kind == DECISION:
        return value in DECISIONS
    if kind == VERSION:
        return value == "1" and isinstance(value, Number)
    if kind == JSON or value is None:
        return True
    if kind == ID:
        return is_text(value, 128)
    if kind == TEXT:
        return is_text(value, 1024)
    if kind == COUNT:
        return is_count(value)
    if kind == FLAG:
        return isinstance(value, bool)
    if not (isinstance(value, dict) and set(value) == {"code", "message"}):
        return False
    code, message = value["code"], value["message"]
    return (code is None or is_text(code, 128)) and (message is None or is_text(message, 2048))


def is_instant(text):
    if not TS.match(text):
        return False
    try:
        since = datetime.datetime.fromisoformat(text[:-1]) - datetime.datetime(1970, 1, 1)
    except ValueError:
        return False
    return abs(since // datetime.timedelta(microseconds=1)) <= 9007199254740991


def parse_record(line):
    """The record in a stored line and the hash it claims, or Bad."""
    if len(line) > LINE_BYTES_MAX:
        raise Bad("line_too_long")
    try:
        text = line.decode("utf-8")
        record = parse(text)
    except ValueError:
        raise Bad("bad_json") from None
    except RecursionError:  # far deeper than arguments may nest
        raise Bad("not_canonical") from None
    if not isinstance(record, dict):
        raise Bad("bad_json")
    version = record.get("v")
    if isinstance(version, Number) and js_number(version) != "1":
        raise Bad("unknown_version")
    claimed = record.pop("entry_hash", None)
    if not set(FIELDS) - OPTIONAL <= set(record) <= set(FIELDS) or not isinstance(claimed, str):
        raise Bad("not_canonical")
    if any(record[name] is None for name in OPTIONAL & set(record)):
        raise Bad("not_canonical")
    if any(record[name] is None for name in REQUIRED) or not all(fits(FIELDS[n], v) for n, v in record.items()):
        raise Bad("not_canonical")
    if not is_instant(record["ts"]) or not keeps_bounds(record["args"]):
        raise Bad("not_canonical")
    body = canonical(record)
    if body[:-1] + ',"entry_hash":' + js_string(claimed) + "}" != text:
        raise Bad("not_canonical")
    return {**dict.fromkeys(OPTIONAL), **record}, claimed, hashlib.sha256(body.encode()).hexdigest()


# ---- the tree (RFC 6962) --------------------------------------------------------------------

def sha(data):
    return hashlib.sha256(data).digest()


class Tree:
    def __init__(self, size=0, edge=()):
        self.size = size
        self.edge = []  # (height, hash), largest first
        height = 0
        hashes = list(edge)
        while size >> height:
            if size >> height & 1:
                self.edge.insert(0, (height, hashes.pop()))
            height += 1

    def append(self, entry_hash):
        value, height = sha(b"\0" + bytes.fromhex(entry_hash)), 0
        while self.edge and self.edge[-1][0] == height:
            value = sha(b"\1" + self.edge.pop()[1] + value)
            height += 1
        self.edge.append((height, value))
        self.size += 1

    def root(self):
        if not self.edge:
            return sha(b"")
        value = self.edge[-1][1]
        for _, left in reversed(self.edge[:-1]):
            value = sha(b"\1" + left + value)
        return value


# ---- Ed25519 (RFC 8032), verification only --------------------------------------------------

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
I = pow(2, (P - 1) // 4, P)


def point_add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * I % P
    if (x * x - xx) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_verify(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = decompress(public), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    left, right = point_multiply(s, BASE), point_add(r, point_multiply(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# ---- signed notes and checkpoints -----------------------------------------------------------

NOTE_KEY, WITNESS_KEY = 1, 4


def parse_key(text, kind=NOTE_KEY):
    match = re.match(r"([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)\Z", text.strip())
    if not match:
        return None
    name, key_id, key = match.group(1), bytes.fromhex(match.group(2)), base64.b64decode(match.group(3))
    if len(key) != 33 or key[0] != kind or sha(name.encode() + b"\n" + key)[:4] != key_id:
        return None
    return name, key_id, key[1:]


def parse_signatures(lines):
    signed = []
    for line in lines[:-1].split("\n"):
        match = re.match("\u2014 ([^ ]+) (\\S+)\\Z", line)
        data = base64.b64decode(match.group(2)) if match else b""
        if len(data) <= 4 or base64.b64encode(data).decode() != match.group(2):
            raise Bad("bad_checkpoint")
        signed.append((match.group(1), data[:4], data[4:]))
    return signed


def parse_checkpoint(note):
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not note.endswith("\n"):
        raise Bad("bad_checkpoint")
    text += "\n"
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not re.match(r"(0|[1-9]\d{0,15})\Z", lines[1]):
        raise Bad("bad_checkpoint")
    root = base64.b64decode(lines[2])
    if len(root) != 32 or base64.b64encode(root).decode() != lines[2]:
        raise Bad("bad_checkpoint")
    signed = parse_signatures(signatures)
    committed = next((line[16:] for line in lines[3:] if line.startswith("praxis-evidence ")), None)
    return {"origin": lines[0], "size": int(lines[1]), "root": root, "text": text, "signed": signed, "evidence": committed}


def signed_by(checkpoint, keys):
    """Of those keys that the checkpoint names as its own and that have a signature in it, whether each verifies."""
    verdicts = []
    for name, key_id, public in filter(None, map(parse_key, keys)):
        own = [signature for n, i, signature in checkpoint["signed"] if (n, i) == (name, key_id)]
        if own and name == checkpoint["origin"]:
            verdicts.append(all(ed25519_verify(public, checkpoint["text"].encode(), signature) for signature in own))
    return verdicts


def judge_signature(checkpoint, keys):
    if not keys.trusted and not keys.named:
        return None
    counting = signed_by(checkpoint, keys.usable())
    if any(counting):
        return None
    others = signed_by(checkpoint, keys.named)
    return "untrusted_key" if any(others) or not counting + others else "bad_signature"


def judge_cosignature(text, lines, key):
    """valid, invalid or absent: what a witness's signature lines say of a checkpoint's text."""
    try:
        signed = parse_signatures(lines)
    except (Bad, ValueError):
        return "invalid"
    own = [signature for name, key_id, signature in signed if (name, key_id) == key[:2]]
    if not own:
        return "absent"
    for signature in own:
        message = "cosignature/v1\ntime %d\n%s" % (int.from_bytes(signature[:8], "big"), text)
        if len(signature) <= 8 or not ed25519_verify(key[2], message.encode(), signature[8:]):
            return "invalid"
    return "valid"


# ---- time stamps (RFC 3161): the structure here, the signature by openssl ---------------------

SIGNED_DATA, TST_INFO, SHA256 = "2a864886f70d010702", "2a864886f70d0109100104", "608648016503040201"


def der(data, expected=None):
    """The tag and the content of the first DER element, and what follows it. Definite lengths only."""
    if len(data) < 2 or data[0] & 0x1F == 0x1F:
        raise ValueError("no DER")
    tag, length, at = data[0], data[1], 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or len(data) < 2 + count:
            raise ValueError("no DER length")
        length, at = int.from_bytes(data[2:2 + count], "big"), 2 + count
    if len(data) < at + length or expected not in (None, tag):
        raise ValueError("not the DER expected")
    return tag, data[at:at + length], data[at + length:]


def read_token(token):
    """The hashed imprint and the time of a time-stamp token, and whether it repeats a nonce; or ValueError."""
    _, content, rest = der(token, 0x30)
    _, kind, content = der(content, 0x06)
    if rest or kind.hex() != SIGNED_DATA:
        raise ValueError("no signed data")
    _, signed, _ = der(der(content, 0xA0)[1], 0x30)
    _, _, signed = der(signed, 0x02)
    _, _, signed = der(signed, 0x31)
    _, encapsulated, _ = der(signed, 0x30)
    _, kind, encapsulated = der(encapsulated, 0x06)
    if kind.hex() != TST_INFO:
        raise ValueError("no TSTInfo")
    _, info, rest = der(der(der(encapsulated, 0xA0)[1], 0x04)[1], 0x30)
    version, info = der(info, 0x02)[1:]
    _, info = der(info, 0x06)[1:]
    imprint, info = der(info, 0x30)[1:]
    algorithm, imprint = der(imprint, 0x30)[1:]
    hashed, after = der(imprint, 0x04)[1:]
    _, info = der(info, 0x02)[1:]
    time, info = der(info, 0x18)[1:]
    nonce = False
    while info:
        tag, _, info = der(info)
        nonce = nonce or tag == 0x02
    if rest or after or version != b"\x01" or der(algorithm, 0x06)[1].hex() != SHA256:
        raise ValueError("no TSTInfo over a SHA-256")
    match = re.match(rb"(\d{14})(\.\d+)?Z\Z", time)
    when = datetime.datetime.strptime(match.group(1).decode() + "+0000", "%Y%m%d%H%M%S%z") if match else None
    if when is None:
        raise ValueError("no time")
    return hashed, when, nonce


def openssl_accepts(program, token, note, certificates, when):
    """Whether openssl finds that a token over these bytes was signed by who may, at a time when it might."""
    with tempfile.TemporaryDirectory() as directory:
        paths = [os.path.join(directory, name) for name in ("token", "note", "trusted.pem")]
        for path, content in zip(paths, (token, note, b"\n".join(certificates))):
            with open(path, "wb") as file:
                file.write(content)
        command = [program, "ts", "-verify", "-token_in", "-in", paths[0], "-data", paths[1], "-CAfile", paths[2]]
        # A pinned certificate of the authority itself ends the chain too. All of it held when the stamp was made.
        command += ["-partial_chain", "-attime", str(int(when.timestamp()))]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        return done.returncode == 0 and b"Verification: OK" in done.stdout + done.stderr


def stamp_fits(stamp, note):
    """Whether a stamp is a time-stamp token over this note, as far as its structure says; its time, or None."""
    try:
        hashed, when, _ = read_token(base64.b64decode(stamp, validate=True))
    except (ValueError, IndexError, OverflowError):
        return None
    return when if hashed == sha(note.encode()) else None


# ---- walking a log --------------------------------------------------------------------------

class Walk:
    def __init__(self):
        self.seq, self.prev, self.origin, self.tree = 0, GENESIS, None, Tree()
        self.open_intents, self.interrupted, self.recovered, self.records = {}, [], [], 0
        self.bad, self.region = None, None

    def start_at(self, record):
        args = record["args"]
        edge = [bytes.fromhex(item) for item in args["edge"]]
        self.seq, self.prev, self.origin = int(record["seq"]), record["prev_hash"], record["origin_id"]
        if len(edge) != bin(self.seq).count("1") or any(len(item) != 32 for item in edge):
            raise Bad("segment_mismatch")
        self.tree = Tree(self.seq, edge)
        if self.tree.root().hex() != args["root"]:
            raise Bad("segment_mismatch")
        self.open_intents = {int(intent["seq"]): intent for intent in args["open_intents"]}

    def check(self, line):
        record, claimed, digest = parse_record(line)
        if record["prev_hash"] != self.prev:
            raise Bad("prev_hash_mismatch")
        if int(record["seq"]) != self.seq:
            raise Bad("seq_gap")
        if claimed != digest:
            raise Bad("entry_hash_mismatch")
        if self.origin is not None and record["origin_id"] != self.origin:
            raise Bad("origin_mismatch")
        if record["kind"] == "segment" and canonical(record["args"]) != canonical(self.header()):
            raise Bad("segment_mismatch")
        return record, digest

    def header(self):
        return {
            "last_hash": self.prev, "size": Number(self.tree.size), "root": self.tree.root().hex(),
            "edge": [value.hex() for _, value in self.tree.edge], "open_intents": list(self.open_intents.values()),
        }

    def accept(self, record, digest):
        self.seq, self.prev, self.origin = self.seq + 1, digest, record["origin_id"]
        self.records += 1
        if record["kind"] == "intent":
            names = ("seq", "ts", "action_id", "tool", "target", "tier", "host", "host_type", "session_id", "principal")
            self.open_intents[int(record["seq"])] = {name: record[name] for name in names}
        elif record["kind"] in ("outcome", "interrupted") and record["intent_seq"] is not None:
            intent = self.open_intents.pop(int(record["intent_seq"]), None)
            if intent is not None and record["kind"] == "interrupted":
                self.interrupted.append(int(record["intent_seq"]))
        self.tree.append(digest)

    def explains(self, record, offset):
        args = record["args"]
        return (
            record["kind"] == "recovery" and record["reason"] == "set_aside" and isinstance(args, dict)
            and args.get("sha256") == self.region["digest"].hexdigest()
            and args.get("offset") == str(self.region["offset"]) and args.get("length") == str(self.region["length"])
            and self.region["offset"] + self.region["length"] == offset
        )

    def line(self, line, offset, ended):
        """One line; answers the record when it is part of the chain."""
        fault, record, digest = None, None, None
        try:
            if not ended:
                raise Bad("torn_tail")
            record, digest = self.check(line)
        except Bad as error:
            fault = error.code
        if self.region is None:
            if fault is None and record["kind"] == "recovery" and record["reason"] == "set_aside":
                fault = "recovery_mismatch"
            if fault is None:
                self.accept(record, digest)
                return record
            self.region = {"offset": offset, "length": 0, "digest": hashlib.sha256(), "code": fault, "seq": self.seq}
        elif fault is None and self.explains(record, offset):
            self.recovered.append(self.region["offset"])
            self.region = None
            self.accept(record, digest)
            return record
        raw = line + (b"\n" if ended else b"")
        self.region["digest"].update(raw)
        self.region["length"] += len(raw)
        return None


def lines_of(path):
    offset = 0
    with open(path, "rb") as file:
        for raw in file:
            ended = raw.endswith(b"\n")
            yield (raw[:-1] if ended else raw), offset, ended
            offset += len(raw)


def header_of(path):
    """The header of a segment and where its line starts; None when it has none that follows from what stands before."""
    waiting, before = [], None
    for line, offset, ended in lines_of(path):
        try:
            record, claimed, digest = parse_record(line)
        except Bad:
            record = claimed = digest = None
        if not ended or offset > 4 * LINE_BYTES_MAX or len(waiting) > 1024:
            return None
        if before is None and record is not None:
            if record["kind"] == "segment" and not waiting:
                return record, offset
            if record["kind"] != "recovery":
                return None
            # Only this says where the chain was before what a crash left.
            before = Walk()
            before.seq, before.prev, before.origin = int(record["seq"]), record["prev_hash"], record["origin_id"]
            for one in waiting:
                before.line(*one)
        if before is None:
            waiting.append((line, offset, ended))
        elif record is not None and record["kind"] == "segment":
            follows = record["prev_hash"] == before.prev and int(record["seq"]) == before.seq and claimed == digest
            return (record, offset) if follows and before.region is None else None
        elif before.line(line, offset, ended) is not None and record["kind"] != "recovery":
            return None
    return None


def walk_file(walk, path, observe, start=0):
    end = start
    for line, offset, ended in lines_of(path):
        if offset < start:
            continue
        record = walk.line(line, offset, ended)
        end = offset + len(line) + (1 if ended else 0)
        if record is not None:
            observe(record, offset)
    if walk.region is not None:
        return {"offset": walk.region["offset"], "seq": walk.region["seq"], "code": walk.region["code"], "path": path}, end
    return None, end


# ---- evidence, anchors, keys ----------------------------------------------------------------

def read_evidence(path):
    """Checkpoints by size, stamps and cosignatures, the hash after each line, and the first bad place."""
    walk, found, hashes, bad, vouchers, notes = Walk(), [], [GENESIS], [], [], {}

    def observe(record, offset):
        hashes.append(walk.prev)
        if record["kind"] == "control" and record["reason"] in VOUCHERS:
            args = record["args"] if isinstance(record["args"], dict) else {}
            if all(isinstance(args.get(n), str) and not isinstance(args[n], Number) for n in VOUCHERS[record["reason"]]):
                about = notes.get(args["note_sha256"])
                vouchers.append({"reason": record["reason"], "args": args, "about": about, "offset": offset})
            return
        if record["kind"] != "control" or record["reason"] != "checkpoint":
            return
        try:
            args = record["args"]
            note = args.get("note") if isinstance(args, dict) else None
            checkpoint = parse_checkpoint(note if isinstance(note, str) else "")
            if checkpoint["evidence"] != record["prev_hash"] or (found and checkpoint["size"] <= found[-1]["size"]):
                raise Bad("bad_checkpoint")
            checkpoint["offset"], checkpoint["note"] = offset, note
            found.append(checkpoint)
            notes[sha(note.encode()).hex()] = checkpoint
        except (Bad, ValueError):
            bad.append({"offset": offset, "seq": int(record["seq"]), "code": "bad_checkpoint", "path": path})

    chain_bad, _ = walk_file(walk, path, observe)
    if chain_bad is not None:
        chain_bad["code"] = "evidence_corrupt"
    return found, hashes, chain_bad or (bad[0] if bad else None), vouchers


VOUCHERS = {"stamp": ("note_sha256", "stamper", "token_base64"), "cosignature": ("note_sha256", "lines")}


def read_anchor(path, origin):
    """The roots that an anchor has for each size of one log, of all when it is not known; whether it names any log."""
    sizes, any_log = {}, False
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                note = json.loads(line)
                checkpoint = parse_checkpoint(note if isinstance(note, str) else "")
                any_log = True
                if origin in (None, checkpoint["origin"]):
                    sizes.setdefault(checkpoint["size"], set()).add(checkpoint["root"])
            except (Bad, ValueError):
                continue  # a damaged line proves nothing, either way
    return sizes, any_log


ENDORSERS_MAX = 16
KEYS_MAX = 1000


class Keys:
    def __init__(self, pinned):
        self.pinned, self.own, self.trusted = bool(pinned), set(pinned), set(pinned)
        self.named, self.current, self.names_what_counts = [], None, False

    def record(self, record):
        args = record["args"]
        if not isinstance(args, dict):
            return
        if record["kind"] == "session" and isinstance(args.get("evidence"), dict):
            self.name(args["evidence"].get("verifier_key"))
        elif record["kind"] == "control" and record["reason"] == "evidence_key_rotated":
            key, endorsement = args.get("verifier_key"), args.get("endorsement")
            known = not isinstance(key, str) or key == self.current
            if not known and isinstance(endorsement, str) and self.endorsed(key, endorsement):
                self.trusted.add(key)
            self.name(key)

    def endorsed(self, key, endorsement):
        """Whether a trusted key that the log named before gave its word for this one."""
        message = ("praxis-key-rotation/v1\n%s\n" % key).encode()
        try:
            signature = base64.b64decode(endorsement)
        except ValueError:
            return False
        # The newest first: it nearly always is the one, and each of the others costs a signature.
        old = [parse_key(named) for named in reversed(self.named[-ENDORSERS_MAX:]) if named in self.trusted]
        return any(one and ed25519_verify(one[2], message, signature) for one in old)

    def name(self, key):
        if isinstance(key, str) and key != self.current:
            self.current = key
            self.named.append(key)
            self.names_what_counts = self.names_what_counts or key in self.trusted
            if len(self.named) > KEYS_MAX:
                forgotten = self.named.pop(0)
                if forgotten not in self.named and forgotten not in self.own:
                    self.trusted.discard(forgotten)

    def usable(self):
        return self.trusted if self.pinned else self.named


# ---- a whole ledger -------------------------------------------------------------------------

def stem_of(path):
    return path[:-6] if path.endswith(".jsonl") else path


def segments_of(path):
    match = re.match(r"(.+)\.(\d{15})\.jsonl\Z", path)
    if match:
        return [(path, int(match.group(2)))], True
    prefix = os.path.basename(stem_of(path)) + "."
    directory = os.path.dirname(path) or "."
    later = []
    for name in os.listdir(directory):
        found = re.match(r"(\d{15})\.jsonl\Z", name[len(prefix):]) if name.startswith(prefix) else None
        if found:
            later.append((os.path.join(directory, name), int(found.group(1))))
    later.sort(key=lambda item: item[1])
    return ([(path, 0)] if os.path.exists(path) or not later else []) + later, False


def first_origin(path):
    """The origin line that a log's first record leads to, or None. What a crash left before it is passed over."""
    try:
        for line, _, ended in lines_of(path):
            try:
                record, claimed, digest = parse_record(line)
            except Bad:
                continue
            if ended and claimed == digest:
                return "praxis/%s" % record["origin_id"]
    except OSError:
        pass
    return None


class Vouched:
    """What witnesses and time-stamping authorities say of the checkpoints, and what of it could be checked."""

    def __init__(self, given):
        self.witnesses = [key for key in (parse_key(text, WITNESS_KEY) for text in given.witness_keys) if key]
        self.asked_witnesses, self.certificates, self.openssl = bool(given.witness_keys), given.certificates, given.openssl
        self.witnessed = self.stamped = None
        self.cosignatures = self.stamps = self.fitting = self.good_stamps = self.good_cosignatures = 0

    def check(self, voucher):
        """A code when this one is bad, or None."""
        about = voucher["about"]
        text, note, size = (about["text"], about["note"], about["size"]) if about else ("", "", None)
        return (self.cosignature if voucher["reason"] == "cosignature" else self.stamp)(voucher["args"], text, note, size)

    def cosignature(self, args, text, _note, size):
        self.cosignatures += 1
        for key in self.witnesses:
            verdict = judge_cosignature(text, args["lines"], key)
            if verdict == "invalid":
                return "cosignature_invalid"
            if verdict == "valid" and size is not None:
                self.good_cosignatures += 1
                self.witnessed = max(self.witnessed or 0, size)
        return None

    def stamp(self, args, _text, note, size):
        self.stamps += 1
        when = stamp_fits(args["token_base64"], note) if args["stamper"] == "rfc3161" else None
        self.fitting += when is not None
        if not self.certificates:
            return None
        if when is None:
            return "stamp_invalid"
        if self.openssl is None:
            return "stamp_unchecked"
        token = base64.b64decode(args["token_base64"])
        if not openssl_accepts(self.openssl, token, note.encode(), self.certificates, when):
            return "stamp_invalid"
        self.good_stamps += 1
        self.stamped = max(self.stamped or 0, size)
        return None

    def said(self):
        """What was checked of all that, and what was not, for people."""
        checked, unchecked = [], []
        if self.cosignatures and self.asked_witnesses:
            checked.append("%d of %d cosignatures are of a witness given" % (self.good_cosignatures, self.cosignatures))
        elif self.cosignatures:
            unchecked.append("%d cosignatures: no witness key was given" % self.cosignatures)
        if self.good_stamps:
            checked.append("%d of %d stamps, by openssl" % (self.good_stamps, self.stamps))
        if self.stamps > self.good_stamps:
            why = "no certificate was given" if not self.certificates else "they are bad, or there is no openssl"
            unchecked.append("%d stamps: %s; %d fit their checkpoint" % (self.stamps - self.good_stamps, why, self.fitting))
        return checked, unchecked


class Given:
    """What an auditor checks with."""

    def __init__(self, keys=(), witness_keys=(), certificates=(), openssl=None):
        self.keys, self.witness_keys, self.certificates, self.openssl = keys, witness_keys, certificates, openssl
        self.evidence = self.anchor = None
        self.witnessed, self.archived = [], False


def verify(path, given):
    evidence_path, anchor_path, archived = given.evidence, given.anchor, given.archived
    segments, window = segments_of(path)
    log = re.sub(r"\.\d{15}\.jsonl\Z", ".jsonl", path)
    evidence_path = evidence_path or stem_of(log) + ".evidence.jsonl"
    present = os.path.exists(evidence_path)
    checkpoints, hashes, evidence_bad, vouchers = read_evidence(evidence_path) if present else ([], [GENESIS], None, [])
    origin = first_origin(segments[0][0])
    anchors, of_others = read_anchor(anchor_path, origin) if anchor_path else ({}, False)
    of_others = of_others and not anchors
    seen_by_witness = {}
    for file in given.witnessed:
        for size, roots in read_anchor(file, origin)[0].items():
            seen_by_witness.setdefault(size, set()).update(roots)
    ends = max(anchors, default=0), max(seen_by_witness, default=0)
    for size, roots in seen_by_witness.items():
        anchors[size] = anchors.get(size, set()) | roots
    anchors_given = bool(anchor_path or given.witnessed)
    vouched, walk, keys, problems = Vouched(given), Walk(), Keys(given.keys), []
    by_size = {checkpoint["size"]: checkpoint for checkpoint in checkpoints}
    state = {"covered": None, "anchored": 0, "promised": None, "expected": False, "last": None, "path": path, "first": None, "before": 0, "kept": None, "owed": 0}

    def observe(record, offset):
        state["last"] = record["reason"]
        if record["kind"] in ("session", "control"):
            keys.record(record)
            args = record["args"]
            if record["kind"] == "session" and isinstance(args, dict) and "evidence" in args:
                state["kept"] = args["evidence"] is not None
            if record["kind"] == "session" and isinstance(args, dict) and isinstance(args.get("evidence"), dict):
                state["expected"] = True
                lines, last_hash = args["evidence"].get("records"), args["evidence"].get("last_hash")
                if is_count(lines) and is_text(last_hash, 128):
                    state["promised"] = (int(lines), last_hash)
        size = walk.tree.size
        if record["reason"] == "session_ended" and state["kept"] is not False:
            state["owed"] = size
        place = {"offset": offset, "seq": size - 1, "path": state["path"]}
        if size in by_size:
            if by_size[size]["root"] != walk.tree.root():
                problems.append({**place, "code": "root_mismatch"})
            elif not problems:
                state["before"] = state["covered"]["size"] if state["covered"] else 0
                state["covered"] = by_size[size]
        if size in anchors:
            if anchors[size] != {walk.tree.root()}:
                problems.append({**place, "code": "anchor_mismatch"})
            else:
                state["anchored"] = size

    if segments and segments[0][1] > 0 and not window and not archived:
        problems.append({"offset": 0, "seq": 0, "code": "segment_missing", "path": path})
    bad, end = None, 0
    for index, (segment, first_seq) in enumerate(segments):
        state["path"], begin = segment, 0
        if index == 0 and first_seq > 0:
            try:
                header = header_of(segment)
                if header is not None:
                    walk.start_at(header[0])
                    begin = header[1]
            except (Bad, KeyError, TypeError, ValueError):
                pass  # then it is walked as a beginning, and fails as one
            state["first"] = walk.seq
            state["anchored"] = max((one for one in anchors if one <= walk.seq), default=0)
        bad, end = walk_file(walk, segment, observe, begin)
        if bad is not None:
            break
    covered = state["covered"]["size"] if state["covered"] else 0
    size = walk.tree.size

    def at_end(code):
        return {"offset": end, "seq": size, "code": code, "path": state["path"]}

    before_start = [checkpoint for checkpoint in checkpoints if checkpoint["size"] <= (state["first"] or 0)]
    # With the header in a segment that was archived, evidence that is there is evidence that was kept.
    kept = state["kept"] is not None or any(one <= size for one in by_size)
    if bad is None:
        if problems:
            bad = problems[0]
        elif state["expected"] and not present:
            bad = at_end("evidence_missing")
        elif evidence_bad is not None:
            bad = evidence_bad
        elif checkpoints and checkpoints[-1]["size"] > size and not window:
            bad = at_end("truncated")
        elif kept and covered < state["owed"] and not window:
            bad = at_end("evidence_truncated")
        elif anchors and max(anchors) > size and not window:
            bad = at_end("truncated")
        elif anchors_given and not state["anchored"] and (checkpoints or of_others):
            bad = at_end("anchor_missing")
        elif not (state["covered"] or before_start):
            # An auditor who has a key is not content with a ledger that no key has signed.
            if keys.pinned and not window and not keys.names_what_counts:
                bad = at_end("untrusted_key")
        else:
            last = state["covered"] or before_start[-1]
            place = {"offset": last["offset"], "seq": last["size"] - 1, "path": evidence_path}
            verdict = judge_signature(last, keys) if last["origin"] == "praxis/%s" % walk.origin else "bad_checkpoint"
            bad = {**place, "code": verdict} if verdict else None
        promised = state["promised"]
        if bad is None and promised and promised[0] > 0 and (promised[0] >= len(hashes) or hashes[promised[0]] != promised[1]):
            bad = at_end("evidence_truncated")
        ended = state["last"] == "session_ended"
        for voucher in vouchers:
            code = vouched.check(voucher)
            if bad is None and code is not None:
                seq = (voucher["about"]["size"] if voucher["about"] else 1) - 1
                bad = {"offset": voucher["offset"], "seq": seq, "code": code, "path": evidence_path}
        if bad is None and not window:
            if anchor_path and checkpoints and ends[0] < (covered if ended else state["before"]):
                bad = at_end("anchor_truncated")
            elif given.witnessed and ends[1] < (vouched.witnessed or 0):
                bad = at_end("anchor_truncated")
            elif ended and given.witness_keys and (vouched.witnessed or 0) < covered:
                bad = at_end("unwitnessed")
            elif ended and given.certificates and (vouched.stamped or 0) < covered:
                bad = at_end("unstamped")
    start = state["first"] or 0
    checked, unchecked = vouched.said()
    unchecked += [] if given.keys else ["the key: none was given, and the ones that the log names were believed"]
    unchecked += [] if anchors_given else ["whether log and evidence were rolled back together: no anchor or witness was given"]
    return {
        "checked": checked, "not_checked": unchecked,
        "witnessed": vouched.witnessed, "stamped": vouched.stamped,
        "ok": bad is None, "records": walk.records, "first_bad": bad,
        "unanchored_tail": min(walk.records, size - max(covered, 0)), "root": walk.tree.root().hex(),
        "last_hash": walk.prev, "origin_id": walk.origin, "checkpoints": sum(1 for s in by_size if start < s <= size),
        "interrupted_count": len(walk.interrupted) + len(walk.open_intents), "recovered": len(walk.recovered),
    }


def keys_in(values, kind):
    found = []
    for value in values:
        found += [value] if parse_key(value, kind) else open(value, encoding="utf-8").read().split()
    return found


def certificates_in(paths):
    found = []
    for path in paths:
        with open(path, "rb") as file:
            found += re.findall(rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", file.read())
    return found


def given_by(arguments):
    given = Given(
        keys_in(arguments.key, NOTE_KEY), keys_in(arguments.witness_key, WITNESS_KEY),
        certificates_in(arguments.tsa_cert), shutil.which(arguments.openssl),
    )
    given.evidence, given.anchor, given.archived = arguments.evidence, arguments.anchor, arguments.archived
    given.witnessed = arguments.witnessed
    return given


def describe(report):
    if report["ok"]:
        print("whole: %d records, %d not covered by a checkpoint" % (report["records"], report["unanchored_tail"]))
    else:
        print("NOT whole: %s" % json.dumps(report["first_bad"]))
    for line in report.get("checked", []):
        print("  checked: %s" % line)
    for line in report.get("not_checked", []):
        print("  NOT checked: %s" % line)


def main():
    arguments = argparse.ArgumentParser(description="verify a praxis ledger")
    arguments.add_argument("ledger")
    arguments.add_argument("--key", action="append", default=[], help="verifier key, or a file of them")
    arguments.add_argument("--evidence")
    arguments.add_argument("--anchor")
    arguments.add_argument("--witness-key", action="append", default=[], help="verifier key of a witness, or a file of them")
    arguments.add_argument("--witnessed", action="append", default=[], help="what a witness exported that it saw")
    arguments.add_argument("--tsa-cert", action="append", default=[], help="PEM of the stamping authority or its root")
    arguments.add_argument("--openssl", default="openssl", help="the program that checks stamps")
    arguments.add_argument("--archived", action="store_true", help="the oldest segments were moved away on purpose")
    arguments.add_argument("--json", action="store_true")
    arguments = arguments.parse_args()
    try:
        given = given_by(arguments)
        if arguments.tsa_cert and not given.certificates:
            raise OSError("no certificate in %s" % ", ".join(arguments.tsa_cert))
        report = verify(arguments.ledger, given)
    except OSError as error:
        bad = {"offset": 0, "seq": 0, "code": "unreadable"}
        report = {"ok": False, "records": 0, "first_bad": bad, "unanchored_tail": 0, "detail": str(error)}
    if arguments.json:
        print(json.dumps(report))
    else:
        describe(report)
    return 0 if report["ok"] else 3 if report["first_bad"]["code"] in ("unreadable", "stamp_unchecked") else 1


if __name__ == "__main__":
    sys.exit(main())
