namespace Puna.Engine.Tests.Files;

/// <summary>Damages bytes in the ways that files get damaged: flips, extreme numbers, cuts, copies, repeats.</summary>
internal sealed class Mutation(int seed)
{
    private static readonly long[] s_extremes =
    [
        0,
        1,
        -1,
        2,
        255,
        256,
        int.MaxValue,
        int.MinValue,
        uint.MaxValue,
        long.MaxValue,
        long.MinValue,
        1_000_000_000_000,
        1L << 40,
        1L << 62,
        8,
        31,
        33,
    ];

    private static readonly string[] s_words =
    [
        "0",
        "-1",
        "1e999",
        "1e-400",
        "NaN",
        "null",
        "true",
        "[]",
        "{}",
        "\"\"",
        "\"\\ud800\"",
        "9223372036854775807",
        "99999999999999999999999",
        "4294967296",
        "0.5",
        "[1,2,3]",
        "{\"a\":{\"b\":{}}}",
    ];

    private readonly Random _random = new(seed);

    /// <summary>A damaged copy; damage is mostly in the first <paramref name="header"/> bytes.</summary>
    public byte[] Of(byte[] original, int header, bool isText)
    {
        var bytes = new List<byte>(original);
        for (var round = _random.Next(1, 4); round > 0; round--)
        {
            var limit = _random.Next(8) == 0 ? bytes.Count : Math.Min(header, bytes.Count);
            if (limit < 16)
            {
                break;
            }

            var at = _random.Next(limit);
            switch (_random.Next(isText ? 8 : 6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)_random.Next(256);
                    break;
                case 2:
                    Number(bytes, at);
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 4:
                    bytes.RemoveRange(at, Math.Min(_random.Next(1, 16), bytes.Count - at));
                    break;
                case 5:
                    var length = Math.Min(_random.Next(1, 64), bytes.Count - at);
                    bytes.InsertRange(_random.Next(limit), bytes.GetRange(at, length));
                    break;
                case 6:
                    Replace(bytes, at);
                    break;
                default:
                    bytes.InsertRange(at, Enumerable.Repeat((byte)"[{\"("[_random.Next(4)], 200));
                    break;
            }
        }

        return [.. bytes];
    }

    private void Number(List<byte> bytes, int at)
    {
        var value = BitConverter.GetBytes(s_extremes[_random.Next(s_extremes.Length)]);
        var width = new[] { 4, 8 }[_random.Next(2)];
        at = at / 4 * 4;
        for (var index = 0; index < width && at + index < bytes.Count; index++)
        {
            bytes[at + index] = value[index];
        }
    }

    /// <summary>Replaces the JSON value behind the next colon or comma.</summary>
    private void Replace(List<byte> bytes, int at)
    {
        while (at < bytes.Count && bytes[at] is not ((byte)':' or (byte)',' or (byte)'['))
        {
            at++;
        }

        var start = Math.Min(at + 1, bytes.Count);
        var end = start;
        while (end < bytes.Count && bytes[end] is not ((byte)',' or (byte)'}' or (byte)']'))
        {
            end++;
        }

        bytes.RemoveRange(start, end - start);
        bytes.InsertRange(
            start,
            System.Text.Encoding.UTF8.GetBytes(s_words[_random.Next(s_words.Length)])
        );
    }
}
