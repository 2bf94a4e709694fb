-- What the shop knows, mirrored: orders, shipments, invoices, subscriptions and products. Never invented here; fed by the API and CSV.

CREATE TABLE products (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    sku TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    category TEXT,
    price_minor BIGINT,
    currency TEXT,
    in_stock BIGINT,
    url TEXT,
    image_url TEXT,
    status TEXT NOT NULL,
    source_updated_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX products_by_source ON products (workspace_id, source, source_id);
CREATE INDEX products_by_name ON products (workspace_id, name_key, id);

CREATE TABLE orders (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    contact_id UUID,
    number TEXT NOT NULL,
    number_key TEXT NOT NULL,
    status TEXT NOT NULL,
    financial_status TEXT NOT NULL,
    fulfilment_status TEXT NOT NULL,
    currency TEXT NOT NULL,
    total_minor BIGINT NOT NULL,
    lines TEXT NOT NULL,
    placed_at BIGINT NOT NULL,
    promised_at BIGINT,
    delivered_at BIGINT,
    source_updated_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX orders_by_source ON orders (workspace_id, source, source_id);
CREATE INDEX orders_of_contact ON orders (workspace_id, contact_id, placed_at, id) WHERE contact_id IS NOT NULL;
CREATE INDEX orders_by_time ON orders (workspace_id, placed_at, id);
CREATE INDEX orders_by_status ON orders (workspace_id, status, placed_at, id);
CREATE INDEX orders_by_number ON orders (workspace_id, number_key, id);

CREATE TABLE shipments (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    order_id UUID NOT NULL REFERENCES orders (id),
    carrier TEXT NOT NULL,
    number TEXT NOT NULL,
    url TEXT,
    status TEXT NOT NULL,
    shipped_at BIGINT,
    delivered_at BIGINT,
    source_updated_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX shipments_by_source ON shipments (workspace_id, source, source_id);
CREATE INDEX shipments_of_order ON shipments (workspace_id, order_id);

CREATE TABLE invoices (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    contact_id UUID,
    order_id UUID,
    number TEXT NOT NULL,
    reference TEXT,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    total_minor BIGINT NOT NULL,
    due_minor BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    paid_at BIGINT,
    url TEXT,
    source_updated_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX invoices_by_source ON invoices (workspace_id, source, source_id);
CREATE INDEX invoices_of_contact ON invoices (workspace_id, contact_id, issued_at, id) WHERE contact_id IS NOT NULL;

CREATE TABLE subscriptions (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    contact_id UUID,
    plan TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    billing_interval TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    period_ends_at BIGINT,
    cancels_at BIGINT,
    ended_at BIGINT,
    source_updated_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX subscriptions_by_source ON subscriptions (workspace_id, source, source_id);
CREATE INDEX subscriptions_of_contact ON subscriptions (workspace_id, contact_id, started_at, id) WHERE contact_id IS NOT NULL;
