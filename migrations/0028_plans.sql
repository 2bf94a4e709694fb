-- What was found by looking at the plans of all statements: these walked what grows with history.
CREATE INDEX conversations_by_warning ON conversations (workspace_id, sla_warn_at) WHERE sla_due_at IS NOT NULL;
CREATE INDEX conversations_resting_by_waiting ON conversations (workspace_id, waiting_since, id) WHERE NOT active AND waiting_since IS NOT NULL;
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at) WHERE state <> 'planned';
