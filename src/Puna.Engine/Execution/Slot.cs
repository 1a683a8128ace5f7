using Puna.Kernels.Activations;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution;

/// <summary>
/// A value that operations compute and read: f32 rows [T, Columns]. It is written by one operation. Where its memory
/// lies is decided once for the whole list of operations, see <see cref="SlotTable"/>.
/// </summary>
internal sealed class Slot
{
    private NativeSpan<float> _memory;
    private object? _place;
    private ActivationRows? _activations;

    public Slot(string name, RowSet rows, int columns, bool feedsProducts, Slot? over)
    {
        Name = name;
        Rows = rows;
        Columns = columns;
        FeedsProducts = feedsProducts;
        Over = over;
    }

    /// <summary>What it is, for people.</summary>
    public string Name { get; }

    /// <summary>The rows that it has values for.</summary>
    public RowSet Rows { get; }

    /// <summary>Values of a row.</summary>
    public int Columns { get; }

    /// <summary>Matrices are multiplied with it: it has int8 blocks beside its f32 rows, where the arithmetic asks for them.</summary>
    public bool FeedsProducts { get; }

    /// <summary>The slot whose memory it may take over, once that is read for the last time: an operation in place.</summary>
    public Slot? Over { get; }

    /// <summary>Floats of the largest pass.</summary>
    public long Floats => (long)Rows.Maximum * Columns;

    /// <summary>The values of this pass, [T, Columns] without gaps.</summary>
    public FloatRows Values =>
        new(_memory.Slice(0, (long)Rows.Count * Columns), Rows.Count, Columns);

    /// <summary>The same, each row cut into heads: [T * heads, Columns / heads].</summary>
    public FloatRows Heads(int heads) => new(_memory, Rows.Count * heads, Columns / heads);

    /// <summary>The rows as matrices read them; <see cref="Quantise"/> comes before.</summary>
    public ActivationRows Activations =>
        _activations ?? throw new InvalidOperationException($"No matrix is to read '{Name}'.");

    /// <summary>True when both lie at one place: an operation from one to the other is in place.</summary>
    public bool Shares(Slot other) => ReferenceEquals(_place, other._place);

    /// <summary>The values are complete: makes them ready for matrices.</summary>
    public void Quantise(WorkerPool pool) => Activations.Load(Values, pool);

    /// <summary>Gives it its memory.</summary>
    /// <param name="place">What identifies the place: equal for slots that lie at one address and live as one.</param>
    /// <param name="memory">Floats of the largest pass.</param>
    /// <param name="activations">The rows as matrices read them, where they feed products.</param>
    public void Place(object place, NativeSpan<float> memory, ActivationRows? activations)
    {
        _place = place;
        _memory = memory;
        _activations = activations;
    }
}
