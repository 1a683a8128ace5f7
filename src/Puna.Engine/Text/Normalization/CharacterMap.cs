using System.Buffers.Binary;
using System.Text;

namespace Puna.Engine.Text.Normalization;

/// <summary>
/// SentencePiece's compiled character map: a double-array trie over UTF-8 whose values are places in a block of
/// replacements, each ended by a zero byte. At every place the longest key is replaced; what no key covers stays.
/// Layout, little-endian: uint32 size of the trie in bytes, its 32-bit units, the replacements. A unit holds a label
/// (low 8 bits, and bit 31), "has a leaf" (bit 8) and the distance to its children (from bit 10, times 256 when bit 9
/// is set); a leaf holds its value in the low 31 bits.
/// </summary>
internal sealed class CharacterMap
{
    private readonly uint[] _units;
    private readonly byte[] _replacements;

    /// <summary>Reads a map.</summary>
    /// <exception cref="InputException">The sizes in it do not fit its length.</exception>
    public CharacterMap(ReadOnlyMemory<byte> map)
    {
        var bytes = map.Span;
        var size = bytes.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (size < 4 || size % 4 != 0 || size > bytes.Length - 4)
        {
            throw new InputException(
                $"The tokenizer's character map of {bytes.Length} bytes says that its trie has {size}; a multiple of 4 that fits is needed."
            );
        }

        _units = new uint[size / 4];
        for (var i = 0; i < _units.Length; i++)
        {
            _units[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 + (4 * i))..]);
        }

        _replacements = bytes[(4 + (int)size)..].ToArray();
    }

    /// <summary>The text with every longest key replaced.</summary>
    public string Apply(ReadOnlySpan<char> text)
    {
        var source = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, source);
        var result = new List<byte>(source.Length + 16);
        for (var at = 0; at < source.Length; )
        {
            var (length, value) = LongestKey(source.AsSpan(at));
            if (length > 0)
            {
                result.AddRange(Replacement(value));
                at += length;
                continue;
            }

            Rune.DecodeFromUtf8(source.AsSpan(at), out _, out var unit);
            result.AddRange(source.AsSpan(at, unit));
            at += unit;
        }

        return Encoding.UTF8.GetString([.. result]);
    }

    private static uint Label(uint unit) => unit & 0x800000FF;

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);

    private (int Length, int Value) LongestKey(ReadOnlySpan<byte> text)
    {
        var found = (Length: 0, Value: 0);
        var node = Offset(_units[0]);
        for (var i = 0; i < text.Length; i++)
        {
            node ^= text[i];
            if (node >= _units.Length || Label(_units[node]) != text[i])
            {
                break;
            }

            var unit = _units[node];
            node ^= Offset(unit);
            if ((unit & 0x100) != 0 && node < _units.Length)
            {
                found = (i + 1, (int)(_units[node] & 0x7FFFFFFF));
            }
        }

        return found;
    }

    private ReadOnlySpan<byte> Replacement(int place)
    {
        if (place >= _replacements.Length)
        {
            return [];
        }

        var rest = _replacements.AsSpan(place);
        var end = rest.IndexOf((byte)0);
        return end < 0 ? rest : rest[..end];
    }
}
