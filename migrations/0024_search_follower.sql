-- What was written before messages were indexed by a follower is in the index already.

INSERT INTO followers (workspace_id, name, seq, attempts, lease_until)
SELECT workspace_id, 'inbox.search', seq, 0, 0 FROM timeline_heads;
