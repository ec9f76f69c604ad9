import { describe, expect, it } from 'vitest';
import { parseWithoutManagedFields } from './managed-fields.ts';

const FIELDS = [
  {
    manager: 'a "quoted" ]}name\\',
    operation: 'Update',
    fieldsV1: { 'f:spec': { 'k:{"uid":"]"}': { '.': {} } } },
  },
  { manager: 'kubelet', subresource: 'status', fieldsV1: {} },
];

function pod(metadata: object): object {
  return { metadata, spec: { containers: [{ name: 'recorder' }] } };
}

describe('parseWithoutManagedFields', () => {
  it('leaves out the fields wherever they stand among the others, and nothing else', () => {
    const [managedFields, name, uid] = [FIELDS, 'a', 'u'];
    const objects = [
      pod({ managedFields }),
      pod({ managedFields, name }),
      pod({ name, managedFields }),
      pod({ name, managedFields, uid }),
      pod({ name, managedFields: [] }),
      pod({ name, uid }),
    ];
    const plain = [
      pod({}),
      pod({ name }),
      pod({ name }),
      pod({ name, uid }),
      pod({ name }),
      pod({ name, uid }),
    ];
    for (const [index, object] of objects.entries())
      expect(parseWithoutManagedFields(JSON.stringify(object))).toEqual(plain[index]);
    expect(parseWithoutManagedFields(JSON.stringify({ items: objects }))).toEqual({ items: plain });
  });

  it('takes no text for the fields that only looks like them', () => {
    const annotations = {
      last: JSON.stringify(pod({ managedFields: FIELDS })),
      twice: JSON.stringify(JSON.stringify(pod({ managedFields: FIELDS }))),
      '"managedFields":[': '"managedFields":[',
    };
    const object = pod({ annotations });
    expect(parseWithoutManagedFields(JSON.stringify(object))).toEqual(object);
    expect(parseWithoutManagedFields('"\\\\\\"managedFields\\":["')).toBe('\\"managedFields":[');
  });

  it('reads values of any kind, with blanks between them', () => {
    for (const value of [null, 1, 'a', [], {}, pod({ name: 'ü', managedFields: 7 })])
      expect(parseWithoutManagedFields(JSON.stringify(value, undefined, 2))).toEqual(value);
  });

  it('refuses what has no end', () => {
    const text = JSON.stringify(pod({ name: 'a', managedFields: FIELDS }));
    for (let length = 0; length < text.length; length++)
      expect(() => parseWithoutManagedFields(text.slice(0, length))).toThrow(SyntaxError);
  });
});
