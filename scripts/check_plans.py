#!/usr/bin/env python3
"""usage: check_plans.py DATABASE TRACE

Fails when SQLite would answer a statement of the product by walking a table that grows with history. DATABASE is an empty one that
`ennakoi migrate` made; TRACE is what the tests wrote with ENNAKOI_SQL_TRACE.

The plans are those of Python's SQLite, which may be older than the program's; both are told the same statistics.

A walk is a scan of such a table, or a search by the workspace alone whose rows have to be sorted or counted without a limit. What walks
on purpose is listed below with its reason.
"""
import pathlib
import re
import sqlite3
import sys

from check_statements import matches, statements

# What a company sets up, or a job that is soon over: as small after ten years as after one. All other tables grow with history.
SMALL = set(
    "api_channels api_keys article_texts articles attribute_definitions authority_budgets authority_tills bot_article_vectors bot_articles bot_examples "
    "bot_flow_versions bot_flows bot_guides bot_llm bot_settings calendars canned_answers channels companies conversation_numbers follower_failures followers "
    "guide_versions guides help_care_dismissals help_categories history_imports invitations jobs labels macros mail_hook_tokens mailboxes memberships "
    "notice_hook_marks notice_hooks notice_policies notice_settings oidc_links oidc_providers passkeys password_resets products push_subscriptions quality_sampling "
    "quality_sheet_versions quality_sheets queue_members queues rules schema_migrations sessions sign_in_ceremonies sla_policies sla_policy_versions staff "
    "staff_connections staff_recovery_codes timeline_heads timers training_examples views webhooks workspaces".split()
)
# The beginning of a statement, and why it may walk.
ON_PURPOSE = {
    "SELECT DISTINCT workspace_id, sha256 FROM files": "a backup takes all files",
    "UPDATE webhook_deliveries SET lease_until = 0 WHERE state = 'planned'": "the index holds only what is planned; once, at the start",
    "UPDATE intents SET lease_owner = NULL, lease_until = 0": "the same",
    "SELECT COALESCE(MAX(day), 0) FROM article_days": "the end of an index is one row",
    "SELECT COUNT(*) FROM quality_reviews WHERE workspace_id = $1 AND answer = 'disputed'": "the index holds only what is disputed and open",
    "SELECT h.workspace_id, h.seq, COALESCE(e.held, 0) FROM timeline_heads": "`ennakoi check` counts all events",
}


def tables(sql):
    """Names and aliases of tables in a statement."""
    found = {}
    for table, alias in re.findall(r"\b(?:FROM|JOIN|UPDATE|INTO)\s+([a-z_]+)(?:\s+(?:AS\s+)?([a-z_]+))?", sql):
        found[table] = table
        if alias:
            found[alias] = table
    return found


def walks(database, growing, sql):
    """The steps of a statement's plan that walk."""
    question = re.sub(r"\$(\d+)", r"?\1", sql)
    count = max([int(number) for number in re.findall(r"\?(\d+)", question)], default=0)
    plan = list(database.execute("EXPLAIN QUERY PLAN " + question, [None] * count))
    steps = [step for _, _, _, step in plan]
    names = tables(sql)
    # What a subquery gave is read once; how it came about is a step of its own.
    subqueries = {step.split()[1] for step in steps if step.startswith(("CO-ROUTINE ", "MATERIALIZE "))}
    # A subquery sorts its own few rows.
    ordered = any(parent == 0 and step == "USE TEMP B-TREE FOR ORDER BY" for _, parent, _, step in plan)
    bounded = " LIMIT " in sql and not ordered
    for step in steps:
        match = re.match(r"(SCAN|SEARCH) ([a-z_]+)", step)
        if not match or names.get(match[2]) not in growing:
            continue
        if match[1] == "SCAN" and match[2] in subqueries and "USING" not in step:
            continue
        if match[1] == "SCAN" and not ("USING" in step and bounded):
            yield step
        elif step.endswith("(workspace_id=?)") and not bounded:
            yield step
        elif "AUTOMATIC" in step:
            yield step


def main(path, trace):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    growing = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if not name.startswith(("sqlite_", "search_words"))} - SMALL
    written = list(statements())
    exactly, product = {sql for _, sql, _ in written}, [parts for _, _, parts in written]
    executed = sorted(set(pathlib.Path(trace).read_text(encoding="utf-8").splitlines()))
    found, looked_at, other = [], 0, 0
    for sql in executed:
        if not re.match(r"(SELECT|UPDATE|DELETE|WITH)\b", sql) or any(sql.startswith(start) for start in ON_PURPOSE):
            continue
        # What tests ask for themselves is mostly about all workspaces.
        if sql not in exactly and not ("workspace_id = $" in sql and any(matches(parts, sql) for parts in product)):
            continue
        try:
            steps = list(walks(database, growing, sql))
        except sqlite3.OperationalError:
            # PostgreSQL's own words, and tables that tests make.
            other += 1
            continue
        looked_at += 1
        if steps:
            found.append(f"{sql[:300]}\n    " + "\n    ".join(steps))
    print(f"{looked_at} statements, {len(found)} of them walk; {other} are not SQLite's")
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
