using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// What a cache stores for each token: its banks and the formats of keys and values. Which layer reads which bank is
/// the layer plan's business. From the shape follows the layout of a page group: the pages of all banks and heads
/// for the same 32 slots, one after the other, each at a multiple of 64 bytes, then one array of 32 positions.
/// </summary>
public sealed class KvCacheShape
{
    private const int Alignment = 64;
    private const int LargestExtent = 1 << 16;
    private const long LargestGroup = 1L << 30;
    private readonly KvBankShape[] _banks;
    private readonly KvFormatPair[] _formats;
    private readonly long[] _bankOffsets;
    private readonly long[] _keyStrides;
    private readonly long[] _headStrides;
    private readonly int[] _keyBytes;
    private readonly int[] _valueBytes;

    /// <summary>Makes a shape whose banks are all stored alike.</summary>
    /// <param name="banks">The banks, in the order in which the layer plan numbers them.</param>
    /// <param name="keyFormat">Storage of keys.</param>
    /// <param name="valueFormat">Storage of values.</param>
    /// <inheritdoc cref="KvCacheShape(ReadOnlySpan{KvBankShape}, Func{int, KvFormatPair})"/>
    public KvCacheShape(
        ReadOnlySpan<KvBankShape> banks,
        KvPageFormat keyFormat,
        KvPageFormat valueFormat
    )
        : this(banks, _ => new KvFormatPair(keyFormat, valueFormat)) { }

    /// <summary>Makes a shape.</summary>
    /// <param name="banks">The banks, in the order in which the layer plan numbers them.</param>
    /// <param name="formats">Storage of the keys and values of a bank.</param>
    /// <exception cref="InputException">
    /// A bank is empty or too large to be addressed, or its format cannot store tokens one by one.
    /// </exception>
    public KvCacheShape(ReadOnlySpan<KvBankShape> banks, Func<int, KvFormatPair> formats)
    {
        ArgumentNullException.ThrowIfNull(formats);
        _banks = banks.ToArray();
        _formats = new KvFormatPair[_banks.Length];
        _bankOffsets = new long[_banks.Length];
        _keyStrides = new long[_banks.Length];
        _headStrides = new long[_banks.Length];
        _keyBytes = new int[_banks.Length];
        _valueBytes = new int[_banks.Length];
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

            _formats[bank] = formats(bank);
            RequireSlots(_formats[bank].Keys, bank);
            RequireSlots(_formats[bank].Values, bank);
            _bankOffsets[bank] = offset;
            var keys = _formats[bank].Keys.KeyBytes(headDim);
            var values = _formats[bank].Values.ValueBytes(headDim);
            (_keyBytes[bank], _valueBytes[bank]) = (keys, values);
            _keyStrides[bank] = Align(keys);
            _headStrides[bank] = Align(keys) + Align(values);
            offset += heads * _headStrides[bank];
            KeyBytesPerGroup += (long)heads * keys;
            ValueBytesPerGroup += (long)heads * values;
            if (offset > LargestGroup)
            {
                throw new InputException(
                    $"32 tokens of this model's KV cache take more than {LargestGroup} bytes, which is the most that one page group may have."
                );
            }
        }

        PositionsOffset = offset;
        GroupBytes = Align(offset + KvPageRef.Slots * sizeof(int));
    }

    /// <summary>Number of banks.</summary>
    public int Banks => _banks.Length;

    /// <summary>Payload bytes of one token's keys in all banks: sum of Hk * d * bytes, int8 with 4 bytes of scale a head.</summary>
    public long KeyBytesPerToken => KeyBytesPerGroup / KvPageRef.Slots;

    /// <summary>Payload bytes of one token's values in all banks.</summary>
    public long ValueBytesPerToken => ValueBytesPerGroup / KvPageRef.Slots;

    /// <summary>Payload bytes of one token.</summary>
    public long BytesPerToken => KeyBytesPerToken + ValueBytesPerToken;

    /// <summary>Native bytes of 32 tokens: payload, alignment and positions. Memory grows by multiples of it.</summary>
    public long GroupBytes { get; }

    internal long KeyBytesPerGroup { get; }

    internal long ValueBytesPerGroup { get; }

    internal long PositionsOffset { get; }

    /// <summary>Shape of a bank.</summary>
    public KvBankShape Bank(int bank) => _banks[bank];

    /// <summary>Storage of the keys and values of a bank.</summary>
    public KvFormatPair Formats(int bank) => _formats[bank];

    /// <summary>True when pages of one shape can be read as pages of the other.</summary>
    public bool Matches(KvCacheShape other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return _formats.AsSpan().SequenceEqual(other._formats)
            && _banks.AsSpan().SequenceEqual(other._banks);
    }

    /// <summary>One line for messages: banks, heads, widths and formats.</summary>
    public override string ToString()
    {
        var same = _banks.Length > 0 && Array.TrueForAll(_banks, bank => bank == _banks[0]);
        var banks = same
            ? $"{_banks.Length} banks of {_banks[0].KvHeads} x {_banks[0].HeadDim}"
            : string.Join(", ", _banks.Select(bank => $"{bank.KvHeads} x {bank.HeadDim}"));
        return $"{banks}, keys {Names(pair => pair.Keys)}, values {Names(pair => pair.Values)}";
    }

    /// <summary>
    /// Whether the pages of two banks are alike: then the bytes between them are the same for every head and place.
    /// </summary>
    internal bool IsAlike(int bank, int other) =>
        _banks[bank] == _banks[other] && _formats[bank] == _formats[other];

    /// <summary>Bytes from the pages of one bank to those of another that is alike.</summary>
    internal long Distance(int from, int to) => _bankOffsets[to] - _bankOffsets[from];

    // Asked for once for each page, head and layer of every token: kept, not computed.
    internal int KeyBytes(int bank) => _keyBytes[bank];

    internal int ValueBytes(int bank) => _valueBytes[bank];

    internal long KeyOffset(int bank, int head) => _bankOffsets[bank] + head * _headStrides[bank];

    internal long ValueOffset(int bank, int head) => KeyOffset(bank, head) + _keyStrides[bank];

    private static void RequireSlots(KvPageFormat format, int bank)
    {
        if (!format.WritesSlots)
        {
            throw new InputException(
                $"The KV format {format.Id} of bank {bank} codes 32 tokens at a time, but a cache grows by single ones; choose a format that stores each by itself, such as {KvPageFormats.F16.Id}."
            );
        }
    }

    // One name where all banks agree, else one for each.
    private string Names(Func<KvFormatPair, KvPageFormat> of)
    {
        var formats = _formats.Select(of).ToList();
        return string.Join(", ", formats.Distinct().Count() == 1 ? formats.Take(1) : formats);
    }

    private static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
