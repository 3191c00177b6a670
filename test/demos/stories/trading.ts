import { createHash } from 'node:crypto';
import type { Demo, ToolCall } from '../demo.ts';
import { allowed, denied, forbidden, toBeApproved } from '../wanted.ts';

const ADVISER = 'Agent::"market-bot"';
const TRADER = 'Agent::"trade-bot"';
const MINUTE_MS = 60_000;
/** What the policy that lets the agent trade has the runtime do. */
const LIMIT_ORDER = 'order-type';
/** Of the order that is placed unless something else is said, in cents. */
const VALUE = 480_000;

/** What asks for two people. */
const LARGEST = ['large-orders-need-approval', 'largest-orders-need-two'];

export const trading: Demo = {
  name: 'trading',
  about: 'an agent that advises and never trades, beside one that places orders, one at a time',
  stores: { advice: 'policies/trading-advisory', execution: 'policies/trading-execution' },
  agents: [
    { name: 'market-bot', store: 'advice', principals: [ADVISER] },
    { name: 'trade-bot', store: 'execution', principals: [TRADER] },
  ],
  people: ['ada', 'fay', 'gus'].map((name) => ({
    name,
    store: 'execution',
    principals: [`Person::"${name}"`],
  })),

  async play({ tell, show, ask, askAtOnce, askInVain, waitFor, report, palisade, expect }) {
    tell(
      'NVDA has grown beyond its share. The adviser reads the price, and tells Ada what her rule asks for.',
    );
    await ask('market-bot', read('NVDA'), allowed('advisers-read'));
    const { reply: advice } = await ask('market-bot', suggestion('NVDA'), allowed('advisers-notify'));

    tell(
      'Then it would rather do it itself. In its store, no agent places an order, whatever is permitted one day.',
    );
    await ask('market-bot', advisersOrder(), forbidden('never-place-orders'));

    tell('It tries the store where orders are placed. Its credential is not for that one.');
    const elsewhere = { ...order('ada-nvda'), principal: ADVISER, members: { policy_store: 'execution' } };
    await askInVain('market-bot', elsewhere, 'PERMISSION_DENIED');

    tell(
      'The trader is another agent. It follows the advice: a limit order, by the same rule, within the cap.',
    );
    const follow = withKey(order('ada-nvda', { advice: advice.decision_id }), 'order-1');
    const placed = await ask('trade-bot', follow, allowed('traders-place-orders', LIMIT_ORDER));

    tell(
      'The answer is lost on the way. The runtime asks again under the same key: it is told the same, and nothing is counted twice.',
    );
    const again = await ask('trade-bot', follow, allowed('traders-place-orders', LIMIT_ORDER));
    expect(again.reply.decision_id === placed.reply.decision_id, 'it is the same decision');

    tell(
      'The broker fills half of it. What was not traded is given back to the sum of the day; the turn is used.',
    );
    const half = { outcome: 'SUCCESS', cost: [{ limit: 'traded_in_a_day', amount: VALUE / 2 }] };
    await report('trade-bot', placed, half, { traded_in_a_day: VALUE / 2 });

    tell('Whoever asks later finds why it was placed, on whose advice, and on which prices, to the byte.');
    const { disclosed = {} } = placed.record;
    for (const path of ['input.rule', 'input.reason', 'input.advice', 'runtime.quotes']) {
      show(path, disclosed[path]);
    }
    expect(disclosed['input.advice'] === advice.decision_id, 'the record names the advice');

    tell(
      'The model says it once more, to be sure. After an order, a position is left alone for ten minutes.',
    );
    await ask('trade-bot', order('ada-nvda'), denied('limit_exceeded'));

    tell('Another position, and a loop: the same order reaches all three replicas at the same moment.');
    const savings = order('ada-vwce', {
      side: 'buy',
      rule: 'monthly-savings',
      quantity: 10,
      limit_cents: 13_000,
    });
    await askAtOnce('trade-bot', [savings, savings, savings], { permitted: 1, limit_exceeded: 2 });

    tell("A page in the agent's prompt says to sell everything now. One order has a cap.");
    await ask('trade-bot', order('ada-nvda', { quantity: 400 }), forbidden('order-within-size'));

    tell(
      'The rule asks for a large order, which takes a second factor, and from 8,000.00 on that of two people.',
    );
    const large = order('ada-asml', { quantity: 70 });
    const { reply } = await ask('trade-bot', large, toBeApproved(...LARGEST));
    const id = reply.approval?.approval_id ?? '';
    const waiting = waitFor('trade-bot', id, 'approved');
    await palisade('ada', ['approval', 'approve', id], 'owner');
    await palisade('fay', ['approval', 'approve', id, '--comment', 'as the rule has it']);
    await palisade('gus', ['approval', 'approve', id]);
    await waiting;
    const approved = { ...large, approval: id };
    await askAtOnce('trade-bot', [approved, approved, approved], { permitted: 1, approval_invalid: 2 });

    tell('Its prices are twenty minutes old, and one of them is from a forum.');
    await ask('trade-bot', order('ada-nvda', {}, 'stock-forum'), forbidden('orders-rest-on-trusted-feeds'));
    const stale = order('ada-nvda', {}, 'exchange-delayed', 20);
    await ask('trade-bot', stale, forbidden('only-fresh-quotes'));

    tell(
      'What stands can always be taken back. What is taken out, or changed behind the rules, is not for agents.',
    );
    await ask('trade-bot', cancel('ada-nvda'), allowed('traders-cancel-orders'));
    await ask('trade-bot', transfer(), forbidden('never-move-money'));
    await ask('trade-bot', moreLeeway('ada-nvda'), forbidden('people-set-the-rules'));
  },
};

function read(symbol: string): ToolCall {
  const context = { input: { symbol, feed: 'exchange-delayed' } };

  return { principal: ADVISER, action: 'price_read', resource: 'WatchList::"ada-long-term"', context };
}

function suggestion(symbol: string): ToolCall {
  return {
    principal: ADVISER,
    action: 'suggestion_send',
    resource: 'WatchList::"ada-long-term"',
    context: {
      input: { channel: 'push:ada-phone', symbol, rule: 'trim-above-10-percent' },
      runtime: {
        quote_time: minutesAgo(1),
        feeds: ['exchange-delayed'],
        text: { bytes: 240, labels: ['clean'] },
      },
    },
  };
}

function advisersOrder(): ToolCall {
  const context = { input: { symbol: 'NVDA', side: 'sell', quantity: 40 } };

  return { principal: ADVISER, action: 'order_place', resource: 'Account::"ada-broker"', context };
}

/** An order that rests on one price, of so many minutes ago. */
function order(position: string, changes: object = {}, feed = 'broker-quotes', minutes = 1): ToolCall {
  const symbol = position.replace('ada-', '').toUpperCase();
  const asked = {
    side: 'sell',
    quantity: 40,
    limit_cents: 12_000,
    rule: 'trim-above-10-percent',
    ...changes,
  };
  const input = { ...asked, reason: `${asked.rule} asks for it: ${symbol} is at ${asked.limit_cents / 100}` };
  const at = minutesAgo(minutes);
  const quote = { feed, symbol, price_cents: input.limit_cents, at };

  return {
    principal: TRADER,
    action: 'order_place',
    resource: `Position::"${position}"`,
    context: {
      input,
      runtime: {
        value_cents: input.quantity * input.limit_cents,
        quotes: [{ ...quote, sha256: createHash('sha256').update(JSON.stringify(quote)).digest('hex') }],
        feeds: [feed],
        quote_time: at,
        reason_bytes: input.reason.length,
      },
    },
    members: { supported_obligations: [LIMIT_ORDER] },
  };
}

function withKey(call: ToolCall, idempotencyKey: string): ToolCall {
  return { ...call, members: { ...call.members, idempotency_key: idempotencyKey } };
}

function cancel(position: string): ToolCall {
  const context = { input: { order: 'broker-20981' } };

  return { principal: TRADER, action: 'order_cancel', resource: `Position::"${position}"`, context };
}

function transfer(): ToolCall {
  const context = { input: { amount_cents: 100_000, to: 'NL00BANK0123456789' } };

  return { principal: TRADER, action: 'funds_transfer', resource: 'Account::"ada-broker"', context };
}

function moreLeeway(position: string): ToolCall {
  const context = { input: { rule: 'trim-above-90-percent' } };

  return { principal: TRADER, action: 'rules_change', resource: `Position::"${position}"`, context };
}

function minutesAgo(minutes: number): string {
  return new Date(Date.now() - minutes * MINUTE_MS).toISOString();
}
