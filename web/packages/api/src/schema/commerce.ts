import type { Id, Time } from './base';

export type OrderLine = { sku: string; name: string; quantity: number; unit_minor: number; total_minor: number };
export type Shipment = {
	carrier: string;
	number: string;
	url: string | null;
	status: string;
	shipped_at: Time | null;
	delivered_at: Time | null;
};
export type Order = {
	id: Id;
	source: string;
	source_id: string;
	number: string;
	status: string;
	financial_status: string | null;
	fulfilment_status: string | null;
	currency: string;
	total_minor: number;
	lines: OrderLine[];
	placed_at: Time;
	promised_at: Time | null;
	delivered_at: Time | null;
	shipments: Shipment[];
	contact_id: Id | null;
};
export type Invoice = {
	id: Id;
	number: string;
	status: string;
	currency: string;
	total_minor: number;
	due_at: Time | null;
	paid_at: Time | null;
};
export type Subscription = {
	id: Id;
	name?: string;
	status: string;
	currency?: string;
	price_minor?: number;
	renews_at?: Time | null;
};
export type Commerce = {
	orders: Order[];
	invoices: Invoice[];
	subscriptions: Subscription[];
	value: { currency: string; orders: number; total_minor: number } | null;
};

export type Webhook = {
	id: Id;
	url: string;
	kinds: string[];
	enabled: boolean;
	secret?: string | null;
};
export type WebhookDelivery = {
	id: Id;
	kind: string;
	status: string;
	attempts: number;
	response_status: number | null;
	at?: Time;
	created_at?: Time;
};
