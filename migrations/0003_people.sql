-- People: workspaces, staff and how they sign in, keys of programs, the audit, contacts and companies.

CREATE TABLE workspaces (
    id UUID PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    timezone TEXT NOT NULL,
    languages TEXT NOT NULL,
    default_language TEXT NOT NULL,
    brand TEXT NOT NULL,
    modules TEXT NOT NULL,
    setup TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE staff (
    id UUID PRIMARY KEY,
    email TEXT NOT NULL,
    email_normalised TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    locale TEXT NOT NULL,
    avatar TEXT,
    password_hash TEXT,
    totp_secret BYTEA,
    totp_pending BYTEA,
    totp_last_step BIGINT NOT NULL,
    operator BOOLEAN NOT NULL,
    preferences TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE staff_recovery_codes (
    staff_id UUID NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    code_hash TEXT NOT NULL,
    PRIMARY KEY (staff_id, code_hash)
);

CREATE TABLE memberships (
    workspace_id UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    staff_id UUID NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    availability TEXT NOT NULL,
    capacity BIGINT NOT NULL,
    skills TEXT NOT NULL,
    languages TEXT NOT NULL,
    joined_at BIGINT NOT NULL,
    left_at BIGINT,
    PRIMARY KEY (workspace_id, staff_id)
);
CREATE INDEX memberships_of_staff ON memberships (staff_id);

CREATE TABLE sessions (
    id UUID PRIMARY KEY,
    staff_id UUID NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,
    second_factor BOOLEAN NOT NULL,
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_of_staff ON sessions (staff_id, last_seen_at);
CREATE INDEX sessions_ending ON sessions (expires_at);

CREATE TABLE passkeys (
    id UUID PRIMARY KEY,
    staff_id UUID NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    credential_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    credential TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX passkeys_of_staff ON passkeys (staff_id, created_at);

-- A ceremony that has begun in a browser and not ended: a passkey's challenge, or a sign-in at an identity provider.
CREATE TABLE sign_in_ceremonies (
    key_hash TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    staff_id UUID REFERENCES staff (id) ON DELETE CASCADE,
    state BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_ceremonies_ending ON sign_in_ceremonies (expires_at);

CREATE TABLE password_resets (
    token_hash TEXT PRIMARY KEY,
    staff_id UUID NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX password_resets_of_staff ON password_resets (staff_id);

CREATE TABLE oidc_providers (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    issuer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    client_secret BYTEA NOT NULL,
    domains TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE oidc_links (
    provider_id UUID NOT NULL REFERENCES oidc_providers (id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    staff_id UUID NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (provider_id, subject)
);
CREATE INDEX oidc_links_of_staff ON oidc_links (staff_id);

CREATE TABLE invitations (
    workspace_id UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id UUID NOT NULL,
    email TEXT NOT NULL,
    email_normalised TEXT NOT NULL,
    role TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    invited_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX invitations_once ON invitations (workspace_id, email_normalised);

CREATE TABLE api_keys (
    workspace_id UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    key_hash TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE audit (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX audit_in_order ON audit (workspace_id, at, id);

CREATE TABLE contacts (
    workspace_id UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_normalised TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    avatar_url TEXT,
    locale TEXT,
    timezone TEXT,
    attributes TEXT NOT NULL,
    blocked BOOLEAN NOT NULL,
    merged_into UUID,
    version BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX contacts_by_last_seen ON contacts (workspace_id, last_seen_at, id) WHERE merged_into IS NULL;
CREATE INDEX contacts_by_creation ON contacts (workspace_id, created_at, id) WHERE merged_into IS NULL;
CREATE INDEX contacts_by_name ON contacts (workspace_id, name_normalised, id) WHERE merged_into IS NULL;
CREATE INDEX contacts_merged ON contacts (workspace_id, merged_into) WHERE merged_into IS NOT NULL;

-- An identity stays with the contact it came to; a merge only redirects the contact, so that undoing it loses nothing.
CREATE TABLE contact_identities (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    contact_id UUID NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    value_normalised TEXT NOT NULL,
    verified BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX contact_identities_verified ON contact_identities (workspace_id, kind, value_normalised) WHERE verified;
CREATE UNIQUE INDEX contact_identities_of_contact ON contact_identities (workspace_id, contact_id, kind, value_normalised);
CREATE INDEX contact_identities_by_value ON contact_identities (workspace_id, kind, value_normalised);

CREATE TABLE contact_merges (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    winner_id UUID NOT NULL,
    loser_id UUID NOT NULL,
    actor TEXT NOT NULL,
    filled TEXT NOT NULL,
    merged_at BIGINT NOT NULL,
    undone_at BIGINT,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, winner_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, loser_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_merges_of_winner ON contact_merges (workspace_id, winner_id, merged_at);
CREATE UNIQUE INDEX contact_merges_of_loser ON contact_merges (workspace_id, loser_id) WHERE undone_at IS NULL;

CREATE TABLE companies (
    workspace_id UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_normalised TEXT NOT NULL,
    domain TEXT,
    business_id TEXT,
    attributes TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX companies_by_name ON companies (workspace_id, name_normalised, id);
CREATE UNIQUE INDEX companies_by_domain ON companies (workspace_id, domain) WHERE domain IS NOT NULL;
CREATE UNIQUE INDEX companies_by_business_id ON companies (workspace_id, business_id) WHERE business_id IS NOT NULL;

CREATE TABLE contact_companies (
    workspace_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    company_id UUID NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, contact_id, company_id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, company_id) REFERENCES companies (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_companies_of_company ON contact_companies (workspace_id, company_id, contact_id);

CREATE TABLE attribute_definitions (
    workspace_id UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    attribute_key TEXT NOT NULL,
    label TEXT NOT NULL,
    type TEXT NOT NULL,
    options TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, subject, attribute_key)
);

CREATE TABLE page_views (
    workspace_id UUID NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id UUID NOT NULL,
    contact_id UUID NOT NULL,
    at BIGINT NOT NULL,
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    referrer TEXT,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX page_views_of_contact ON page_views (workspace_id, contact_id, at, id);
