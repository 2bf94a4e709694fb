#!/usr/bin/env python3
"""usage: check_statements.py TRACE

Fails when the sources hold an SQL statement that no test executed on either database. TRACE is what the tests wrote with
ENNAKOI_SQL_TRACE. Statements put together at run time are compared by the literal pieces between their gaps.
"""
import pathlib
import re
import sys

STRING = re.compile(r'"((?:[^"\\]|\\.|\\\n)*)"', re.S)
BEGINS = re.compile(r"^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\b")


# The beginning of a statement, and why no test executes it.
UNTRIED = {
    "SELECT article_id, locale, text_hash, vectors FROM bot_article_vectors": "needs the weights of a model, which are not in the repository",
    "SELECT COUNT(*) FROM bot_articles WHERE workspace_id = $1 AND article_id = $2": "the same",
    "INSERT INTO bot_article_vectors": "the same",
}


def literal(text):
    text = re.sub(r"\\\n\s*", "", text)
    return " ".join(text.replace('\\"', '"').replace("\\n", " ").replace("\\\\", "\\").split())


def pieces(sql):
    return [" ".join(piece.split()) for piece in re.split(r"\{[a-z_A-Z0-9]*\}", sql) if piece.strip()]


def statements():
    """The statements in the sources: where, their text, and its literal pieces."""
    for path in sorted(pathlib.Path("crates").glob("*/src/**/*.rs")):
        # The tools of development measure and torment; they are not the product.
        if path.parts[1] == "testkit":
            continue
        source = path.read_text(encoding="utf-8").split("#[cfg(test)]")[0]
        for match in STRING.finditer(source):
            sql = literal(match.group(1))
            if BEGINS.match(sql):
                yield f"{path}:{source[: match.start()].count(chr(10)) + 1}", sql, pieces(sql)


def matches(parts, executed):
    return all(part in executed for part in parts)


def main(trace):
    executed = set(pathlib.Path(trace).read_text(encoding="utf-8").splitlines())
    missing, total = [], 0
    for place, sql, parts in statements():
        total += 1
        if any(sql.startswith(beginning) for beginning in UNTRIED):
            continue
        if sql not in executed and not any(matches(parts, statement) for statement in executed):
            missing.append(f"{place}: {sql[:140]}")
    print(f"{total} statements, {len(missing)} of them never executed")
    if missing:
        sys.exit("\n".join(missing))


if __name__ == "__main__":
    main(sys.argv[1])
