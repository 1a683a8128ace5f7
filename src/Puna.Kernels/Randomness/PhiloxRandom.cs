using System.Buffers.Binary;

namespace Puna.Kernels.Randomness;

/// <summary>
/// A counter-based generator, Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): output
/// number n is a function of (seed, stream, n) alone. So its whole state is one position, which can be read, stored and
/// set again, and streams of one seed are independent. Not for secrets.
/// </summary>
public struct PhiloxRandom
{
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;
    private const int Rounds = 10;

    private ulong _second;

    /// <summary>A generator at position 0.</summary>
    public PhiloxRandom(ulong seed, ulong stream = 0)
    {
        Seed = seed;
        Stream = stream;
    }

    /// <summary>The seed.</summary>
    public readonly ulong Seed { get; }

    /// <summary>Number of the independent stream.</summary>
    public readonly ulong Stream { get; }

    /// <summary>64-bit numbers drawn so far.</summary>
    public ulong Position { get; private set; }

    /// <summary>Goes to a position: the next number is the one that was drawn after so many.</summary>
    public void Seek(ulong position)
    {
        Position = position;
        if ((position & 1) != 0)
        {
            _second = Block(position >> 1, Stream, Seed).High;
        }
    }

    /// <summary>The next 64 uniform bits.</summary>
    public ulong NextUInt64()
    {
        var position = Position++;
        if ((position & 1) != 0)
        {
            return _second;
        }

        (var low, _second) = Block(position >> 1, Stream, Seed);
        return low;
    }

    /// <summary>A uniform number in [0, 1), a multiple of 2^-53.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Fills a span with uniform bytes.</summary>
    public void Fill(Span<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, NextUInt64());
            bytes = bytes[sizeof(ulong)..];
        }

        if (!bytes.IsEmpty)
        {
            var last = NextUInt64();
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)(last >> (8 * i));
            }
        }
    }

    /// <summary>The bijection: 128 bits of counter under 64 bits of key, words in little-endian order.</summary>
    internal static (ulong Low, ulong High) Block(ulong counterLow, ulong counterHigh, ulong key)
    {
        var (c0, c1) = ((uint)counterLow, (uint)(counterLow >> 32));
        var (c2, c3) = ((uint)counterHigh, (uint)(counterHigh >> 32));
        var (k0, k1) = ((uint)key, (uint)(key >> 32));
        for (var round = 0; round < Rounds; round++)
        {
            var product0 = (ulong)Multiplier0 * c0;
            var product1 = (ulong)Multiplier1 * c2;
            c0 = (uint)(product1 >> 32) ^ c1 ^ k0;
            c1 = (uint)product1;
            c2 = (uint)(product0 >> 32) ^ c3 ^ k1;
            c3 = (uint)product0;
            k0 += Weyl0;
            k1 += Weyl1;
        }

        return (c0 | ((ulong)c1 << 32), c2 | ((ulong)c3 << 32));
    }
}
