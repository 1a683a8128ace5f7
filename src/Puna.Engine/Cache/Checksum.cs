using System.Buffers.Binary;
using System.Numerics;

namespace Puna.Engine.Cache;

/// <summary>CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4), by the processor's instruction where there is one.</summary>
internal static class Checksum
{
    /// <summary>Checksum of the bytes; another <paramref name="seed"/> gives another one for equal bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes, uint seed = 0)
    {
        var crc = ~seed;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
