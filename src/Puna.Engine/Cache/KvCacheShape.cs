using Puna.Engine.Plan;
using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// What a cache stores: for each token its banks and the formats of keys and values, for each sequence the states whose
/// size does not depend on its length. Which layer reads which bank is the layer plan's business.
/// </summary>
public sealed class KvCacheShape
{
    private const int LargestExtent = 1 << 16;
    private const int LargestState = 1 << 28;
    private const long LargestBlock = 1L << 30;

    // Floats of a cache line: each state begins at one.
    private const int StateAlignment = 16;
    private readonly FixedStateShape[] _states;
    private readonly KvBankShape[] _banks;
    private readonly KvFormatPair[] _formats;

    /// <summary>Makes a shape whose banks are all stored alike.</summary>
    /// <param name="banks">The banks, in the order in which the layer plan numbers them.</param>
    /// <param name="keyFormat">Storage of keys.</param>
    /// <param name="valueFormat">Storage of values.</param>
    /// <inheritdoc cref="KvCacheShape(ReadOnlySpan{KvBankShape}, Func{int, KvFormatPair}, ReadOnlySpan{FixedStateShape})"/>
    internal KvCacheShape(
        ReadOnlySpan<KvBankShape> banks,
        KvSlotFormat keyFormat,
        KvSlotFormat valueFormat
    )
        : this(banks, _ => new KvFormatPair(keyFormat, valueFormat)) { }

    /// <summary>Makes a shape.</summary>
    /// <param name="banks">The banks, in the order in which the layer plan numbers them.</param>
    /// <param name="formats">Storage of the keys and values of a bank.</param>
    /// <param name="states">States of a fixed size that each sequence keeps, in the order of their layers.</param>
    /// <exception cref="InputException">A bank is empty or too large to be addressed, or a state is empty or too large.</exception>
    internal KvCacheShape(
        ReadOnlySpan<KvBankShape> banks,
        Func<int, KvFormatPair> formats,
        params ReadOnlySpan<FixedStateShape> states
    )
    {
        ArgumentNullException.ThrowIfNull(formats);
        _banks = banks.ToArray();
        _states = states.ToArray();
        _formats = new KvFormatPair[_banks.Length];
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

            _formats[bank] = formats(bank);
            var keys = _formats[bank].Keys.KeyBytes(headDim);
            var values = _formats[bank].Values.ValueBytes(headDim);
            KeyBytesPerBlock += (long)heads * keys;
            ValueBytesPerBlock += (long)heads * values;
            if (KeyBytesPerBlock + ValueBytesPerBlock > LargestBlock)
            {
                throw new InputException(
                    $"32 tokens of this model's KV cache take more than {LargestBlock} bytes, which is the most that one block may have."
                );
            }
        }

        foreach (var state in _states)
        {
            if (state.Floats is < 1 or > LargestState)
            {
                throw new InputException(
                    $"State {state.Index} of layer {state.Layer} has {state.Floats} numbers; 1 to {LargestState} can be kept."
                );
            }

            StateBytes += StateStride(state.Floats) * sizeof(float);
        }
    }

    /// <summary>The shape that a plan asks for, all banks stored alike.</summary>
    /// <param name="plan">Banks and their readers.</param>
    /// <param name="keyFormat">Storage of keys.</param>
    /// <param name="valueFormat">Storage of values.</param>
    public static KvCacheShape Of(
        LayerPlan plan,
        KvSlotFormat keyFormat,
        KvSlotFormat valueFormat
    ) => Of(plan, _ => new KvFormatPair(keyFormat, valueFormat));

    /// <summary>The shape that a plan asks for: each bank with the window that its readers share, and its fixed states.</summary>
    /// <param name="plan">Banks, their readers and states.</param>
    /// <param name="formats">Storage of the keys and values of a bank.</param>
    public static KvCacheShape Of(LayerPlan plan, Func<int, KvFormatPair> formats)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var states = plan.Layers.SelectMany(plan.States).OfType<PagedKvState>().ToList();
        var banks = new KvBankShape[plan.Banks.Count];
        foreach (var bank in plan.Banks)
        {
            var windows = states
                .Where(state => state.Bank == bank.Id)
                .Select(state => state.Window)
                .ToList();
            var window = windows.Contains(0) ? 0 : windows.DefaultIfEmpty().Max();
            banks[bank.Id] = new KvBankShape(bank.Heads, bank.HeadDim, window);
        }

        var fixedStates =
            from layer in plan.Layers
            from state in plan.States(layer).Select((spec, index) => (Spec: spec, Index: index))
            where state.Spec is FixedState
            select new FixedStateShape(layer.Index, state.Index, ((FixedState)state.Spec).Floats);
        return new KvCacheShape(banks, formats, [.. fixedStates]);
    }

    /// <summary>Number of banks.</summary>
    public int Banks => _banks.Length;

    /// <summary>Payload bytes of one token's keys in all banks: sum of Hk * d * bytes, int8 with 4 bytes of scale a head.</summary>
    public long KeyBytesPerToken => KeyBytesPerBlock / KvPageRef.Slots;

    /// <summary>Payload bytes of one token's values in all banks.</summary>
    public long ValueBytesPerToken => ValueBytesPerBlock / KvPageRef.Slots;

    /// <summary>Payload bytes of one token.</summary>
    public long BytesPerToken => KeyBytesPerToken + ValueBytesPerToken;

    /// <summary>States of a fixed size that each sequence keeps, in the order of their layers.</summary>
    internal ReadOnlySpan<FixedStateShape> States => _states;

    /// <summary>
    /// Native bytes of all states of a sequence, once: the committed ones. For tokens that are not committed yet there is as
    /// much again for each after which the sequence may be cut.
    /// </summary>
    public long StateBytes { get; }

    internal long KeyBytesPerBlock { get; }

    internal long ValueBytesPerBlock { get; }

    /// <summary>Shape of a bank.</summary>
    internal KvBankShape Bank(int bank) => _banks[bank];

    /// <summary>Storage of the keys and values of a bank.</summary>
    public KvFormatPair Formats(int bank) => _formats[bank];

    /// <summary>True when pages of one shape can be read as pages of the other.</summary>
    public bool Matches(KvCacheShape other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return _formats.AsSpan().SequenceEqual(other._formats)
            && _banks.AsSpan().SequenceEqual(other._banks)
            && _states.AsSpan().SequenceEqual(other._states);
    }

    /// <summary>One line for messages: banks, heads, widths and formats.</summary>
    public override string ToString()
    {
        var same = _banks.Length > 0 && Array.TrueForAll(_banks, bank => bank == _banks[0]);
        var banks = same
            ? $"{_banks.Length} banks of {_banks[0].KvHeads} x {_banks[0].HeadDim}"
            : string.Join(", ", _banks.Select(bank => $"{bank.KvHeads} x {bank.HeadDim}"));
        return $"{banks}, keys {Names(pair => pair.Keys)}, values {Names(pair => pair.Values)}{(_states.Length == 0 ? "" : $", {_states.Length} states of {_states.Sum(state => (long)state.Floats)} numbers")}";
    }

    /// <summary>Whether the pages of two banks are alike: then the bytes between them are the same for every head and place.</summary>
    internal bool IsAlike(int bank, int other) =>
        _banks[bank].KvHeads == _banks[other].KvHeads
        && _banks[bank].HeadDim == _banks[other].HeadDim
        && _formats[bank] == _formats[other];

    /// <summary>Floats that a state takes in a place: whole cache lines.</summary>
    internal static long StateStride(int floats) =>
        ((long)floats + StateAlignment - 1) / StateAlignment * StateAlignment;

    // One name where all banks agree, else one for each.
    private string Names(Func<KvFormatPair, KvPageFormat> of)
    {
        var formats = _formats.Select(of).ToList();
        return string.Join(", ", formats.Distinct().Count() == 1 ? formats.Take(1) : formats);
    }
}
