-- What the desk shows of answers that did not reach the customer, and how service levels held: ranges of these indexes.

CREATE INDEX messages_failed ON messages (workspace_id, conversation_id, seq) WHERE delivery = 'failed';
CREATE INDEX sla_clocks_breached ON sla_clocks (workspace_id, kind, breached_at) WHERE breached_at IS NOT NULL;
CREATE INDEX sla_clocks_running ON sla_clocks (workspace_id, kind, started_at) WHERE outcome IS NULL;
