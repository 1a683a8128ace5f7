using System.Buffers.Binary;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>How codes lie in bytes. In blocks of 32 low nibbles are elements 0..15, high nibbles 16..31; fifth bits lie apart.</summary>
internal static class Nibbles
{
    private const int Half = 16;

    /// <summary>Writes the low four bits of 32 codes into 16 bytes.</summary>
    public static void Write(ReadOnlySpan<byte> codes, Span<byte> bytes)
    {
        for (var i = 0; i < Half; i++)
        {
            bytes[i] = (byte)((codes[i] & 15) | ((codes[i + Half] & 15) << 4));
        }
    }

    /// <summary>Writes the low four bits of groups of 32 codes, two groups in each 32 bytes: the first in the low nibbles.</summary>
    public static void WriteGroups(ReadOnlySpan<byte> codes, Span<byte> bytes)
    {
        const int Group = 2 * Half;
        for (var i = 0; i < codes.Length; i++)
        {
            var (group, element) = (i / Group, i % Group);
            ref var place = ref bytes[(group / 2 * Group) + element];
            place = (byte)(group % 2 == 0 ? codes[i] & 15 : place | ((codes[i] & 15) << 4));
        }
    }

    /// <summary>Writes the fifth bits of 32 codes into 4 bytes: bit i belongs to element i.</summary>
    public static void WriteFifthBits(ReadOnlySpan<byte> codes, Span<byte> bytes)
    {
        var bits = 0u;
        for (var i = 0; i < codes.Length; i++)
        {
            bits |= (uint)(codes[i] >> 4) << i;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes, bits);
    }
}
