import { describe, expect, it } from 'vitest';
import { attachment } from './content-disposition.ts';

describe('a Content-Disposition', () => {
  it('has the name in plain and in UTF-8', () => {
    expect(attachment('Besprechung ä (1).mp4')).toBe(
      `attachment; filename="Besprechung____1_.mp4"; filename*=UTF-8''Besprechung%20%C3%A4%20%281%29.mp4`,
    );
  });

  it('can not be broken out of', () => {
    expect(attachment('a"; filename=evil.exe\r\nX: y/../\\.mp4')).toBe(
      `attachment; filename="a___filename_evil.exe__X__y_..__.mp4"; ` +
        `filename*=UTF-8''a%22%3B%20filename%3Devil.exe__X%3A%20y_..__.mp4`,
    );
    expect(attachment('\ud800.mp4')).toContain("UTF-8''%EF%BF%BD.mp4");
  });
});
