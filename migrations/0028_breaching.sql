-- The count of what is about to breach looked at every conversation that ever had a clock.
CREATE INDEX conversations_by_warning ON conversations (workspace_id, sla_warn_at) WHERE sla_due_at IS NOT NULL;
