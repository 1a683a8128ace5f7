using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// What a cache stores for each token: its banks and the formats of keys and values. Which layer reads which bank is
/// the layer plan's business. From the shape follows the layout of a block: the pages of all banks and heads
/// for the same 32 slots, one after the other, each at a multiple of 64 bytes, then one array of 32 positions.
/// </summary>
public sealed class KvCacheShape
{
    private const int Alignment = 64;
    private const int LargestExtent = 1 << 16;
    private const long LargestBlock = 1L << 30;
    private readonly KvBankShape[] _banks;
    private readonly long[] _bankOffsets;
    private readonly long[] _keyStrides;
    private readonly long[] _headStrides;
    private readonly int[] _keyBytes;
    private readonly int[] _valueBytes;

    /// <summary>Makes a shape.</summary>
    /// <param name="banks">The banks, in the order in which the layer plan numbers them.</param>
    /// <param name="keyFormat">Storage of keys.</param>
    /// <param name="valueFormat">Storage of values.</param>
    /// <exception cref="InputException">A bank is empty or too large to be addressed.</exception>
    public KvCacheShape(ReadOnlySpan<KvBankShape> banks, KvFormat keyFormat, KvFormat valueFormat)
    {
        _banks = banks.ToArray();
        _bankOffsets = new long[_banks.Length];
        _keyStrides = new long[_banks.Length];
        _headStrides = new long[_banks.Length];
        _keyBytes = new int[_banks.Length];
        _valueBytes = new int[_banks.Length];
        KeyFormat = keyFormat;
        ValueFormat = valueFormat;
        var offset = 0L;
        for (var bank = 0; bank < _banks.Length; bank++)
        {
            var (heads, headDim) = _banks[bank];
            if (heads < 1 || headDim < 1 || heads > LargestExtent || headDim > LargestExtent / 2)
            {
                throw new InputException(
                    $"KV bank {bank} has {heads} heads of width {headDim}; 1 to {LargestExtent} heads of width 1 to {LargestExtent / 2} can be cached."
                );
            }

            _bankOffsets[bank] = offset;
            var keys = KvPageLayout.KeyBytes(keyFormat, headDim);
            var values = KvPageLayout.ValueBytes(valueFormat, headDim);
            (_keyBytes[bank], _valueBytes[bank]) = (keys, values);
            _keyStrides[bank] = Align(keys);
            _headStrides[bank] = Align(keys) + Align(values);
            offset += heads * _headStrides[bank];
            KeyBytesPerBlock += (long)heads * keys;
            ValueBytesPerBlock += (long)heads * values;
            if (offset > LargestBlock)
            {
                throw new InputException(
                    $"32 tokens of this model's KV cache take more than {LargestBlock} bytes, which is the most that one block may have."
                );
            }
        }

        PositionsOffset = offset;
        BlockBytes = Align(offset + KvPageRef.Slots * sizeof(int));
    }

    /// <summary>Number of banks.</summary>
    public int Banks => _banks.Length;

    /// <summary>Storage of keys.</summary>
    public KvFormat KeyFormat { get; }

    /// <summary>Storage of values.</summary>
    public KvFormat ValueFormat { get; }

    /// <summary>Payload bytes of one token's keys in all banks: sum of Hk * d * bytes, int8 with 4 bytes of scale a head.</summary>
    public long KeyBytesPerToken => KeyBytesPerBlock / KvPageRef.Slots;

    /// <summary>Payload bytes of one token's values in all banks.</summary>
    public long ValueBytesPerToken => ValueBytesPerBlock / KvPageRef.Slots;

    /// <summary>Payload bytes of one token.</summary>
    public long BytesPerToken => KeyBytesPerToken + ValueBytesPerToken;

    /// <summary>Native bytes of 32 tokens: payload, alignment and positions. Memory grows by multiples of it.</summary>
    public long BlockBytes { get; }

    internal long KeyBytesPerBlock { get; }

    internal long ValueBytesPerBlock { get; }

    internal long PositionsOffset { get; }

    /// <summary>Shape of a bank.</summary>
    public KvBankShape Bank(int bank) => _banks[bank];

    /// <summary>True when pages of one shape can be read as pages of the other.</summary>
    public bool Matches(KvCacheShape other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return KeyFormat == other.KeyFormat
            && ValueFormat == other.ValueFormat
            && _banks.AsSpan().SequenceEqual(other._banks);
    }

    /// <summary>One line for messages: banks, heads, widths and formats.</summary>
    public override string ToString()
    {
        var same = _banks.Length > 0 && Array.TrueForAll(_banks, bank => bank == _banks[0]);
        var banks = same
            ? $"{_banks.Length} banks of {_banks[0].KvHeads} x {_banks[0].HeadDim}"
            : string.Join(", ", _banks.Select(bank => $"{bank.KvHeads} x {bank.HeadDim}"));
        return $"{banks}, keys {KeyFormat}, values {ValueFormat}";
    }

    /// <summary>
    /// Bytes from the pages of one bank to those of another of the same shape, the same for every head and place.
    /// </summary>
    internal long Distance(int from, int to) => _bankOffsets[to] - _bankOffsets[from];

    // Asked for once for each page, head and layer of every token: kept, not computed.
    internal int KeyBytes(int bank) => _keyBytes[bank];

    internal int ValueBytes(int bank) => _valueBytes[bank];

    internal long KeyOffset(int bank, int head) => _bankOffsets[bank] + head * _headStrides[bank];

    internal long ValueOffset(int bank, int head) => KeyOffset(bank, head) + _keyStrides[bank];

    private static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
