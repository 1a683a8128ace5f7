using Puna.Engine.Plan;
using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// What a cache stores for each token: its banks and the formats of keys and values. Which layer reads which bank is
/// the layer plan's business.
/// </summary>
public sealed class KvCacheShape
{
    private const int LargestExtent = 1 << 16;
    private const long LargestBlock = 1L << 30;
    private readonly KvBankShape[] _banks;
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
        _keyBytes = new int[_banks.Length];
        _valueBytes = new int[_banks.Length];
        KeyFormat = keyFormat;
        ValueFormat = valueFormat;
        for (var bank = 0; bank < _banks.Length; bank++)
        {
            var (heads, headDim, window) = _banks[bank];
            if (
                heads < 1
                || headDim < 1
                || heads > LargestExtent
                || headDim > LargestExtent / 2
                || window < 0
            )
            {
                throw new InputException(
                    $"KV bank {bank} has {heads} heads of width {headDim} and a window of {window}; 1 to {LargestExtent} heads of width 1 to {LargestExtent / 2} can be cached, with a window or with 0 for none."
                );
            }

            var keys = KvPageLayout.KeyBytes(keyFormat, headDim);
            var values = KvPageLayout.ValueBytes(valueFormat, headDim);
            (_keyBytes[bank], _valueBytes[bank]) = (keys, values);
            KeyBytesPerBlock += (long)heads * keys;
            ValueBytesPerBlock += (long)heads * values;
            if (KeyBytesPerBlock + ValueBytesPerBlock > LargestBlock)
            {
                throw new InputException(
                    $"32 tokens of this model's KV cache take more than {LargestBlock} bytes, which is the most that one block may have."
                );
            }
        }
    }

    /// <summary>The shape that a plan asks for, each bank with the window that its readers share.</summary>
    /// <param name="plan">Banks and their readers.</param>
    /// <param name="keyFormat">Storage of keys.</param>
    /// <param name="valueFormat">Storage of values.</param>
    public static KvCacheShape Of(LayerPlan plan, KvFormat keyFormat, KvFormat valueFormat)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var banks = new KvBankShape[plan.Banks.Count];
        foreach (var bank in plan.Banks)
        {
            var windows = plan
                .Layers.Where(layer => layer.Attention.Bank == bank.Id)
                .Select(layer => layer.Attention.Mask.Window)
                .ToList();
            var window = windows.Contains(0) ? 0 : windows.DefaultIfEmpty().Max();
            banks[bank.Id] = new KvBankShape(bank.Heads, bank.HeadDim, window);
        }

        return new KvCacheShape(banks, keyFormat, valueFormat);
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

    internal long KeyBytesPerBlock { get; }

    internal long ValueBytesPerBlock { get; }

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

    internal int KeyBytes(int bank) => _keyBytes[bank];

    internal int ValueBytes(int bank) => _valueBytes[bank];
}
