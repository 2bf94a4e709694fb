-- What was found by looking at the plans of all statements: these walked what grows with history.
CREATE INDEX conversations_by_warning ON conversations (workspace_id, sla_warn_at) WHERE sla_due_at IS NOT NULL;
CREATE INDEX conversations_resting_by_waiting ON conversations (workspace_id, waiting_since, id) WHERE NOT active AND waiting_since IS NOT NULL;
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at) WHERE state <> 'planned';
CREATE INDEX article_days_by_day ON article_days (workspace_id, day);
CREATE INDEX report_cells_by_hour ON report_cells (workspace_id, hour);
CREATE INDEX contact_merges_by_loser ON contact_merges (workspace_id, loser_id);
CREATE INDEX bot_requests_by_id ON bot_requests (workspace_id, id);
