using Puna.Kernels.Activations;
using Puna.Kernels.Memory;

namespace Puna.Engine.Execution;

/// <summary>
/// The slots of a list of operations, and their memory. Each slot lives from the operation that writes it to the last
/// that reads it; slots whose lives do not meet share a buffer. So the peak is known from the plan, before a pass runs.
/// </summary>
internal sealed class SlotTable : IDisposable
{
    private readonly List<Slot> _slots = [];
    private readonly List<Life> _lives = [];
    private readonly Dictionary<Slot, int> _indices = [];
    private readonly List<IDisposable> _memory = [];

    /// <summary>Slots of the list.</summary>
    public int Count => _slots.Count;

    /// <summary>Bytes of all buffers; 0 before <see cref="Lay"/>.</summary>
    public long Bytes { get; private set; }

    /// <summary>Declares a slot.</summary>
    /// <param name="name">What it is, for people.</param>
    /// <param name="rows">The rows that it has values for.</param>
    /// <param name="columns">Values of a row.</param>
    /// <param name="feedsProducts">Whether matrices are multiplied with it.</param>
    /// <param name="over">The slot from which an operation may make it in place.</param>
    public Slot Add(
        string name,
        RowSet rows,
        int columns,
        bool feedsProducts = false,
        Slot? over = null
    )
    {
        var slot = new Slot(name, rows, columns, feedsProducts, over);
        _indices.Add(slot, _slots.Count);
        _slots.Add(slot);
        _lives.Add(new Life());
        return slot;
    }

    /// <summary>Notes that an operation touches a slot.</summary>
    /// <exception cref="InvalidOperationException">The slot is read before it is written, or written twice.</exception>
    public void Use(Slot slot, int operation, bool isWrite)
    {
        var life = _lives[_indices[slot]];
        if (isWrite == life.Begins >= 0)
        {
            throw new InvalidOperationException(
                $"Operation {operation} {(isWrite ? "writes" : "reads")} '{slot.Name}', which {(isWrite ? "another wrote" : "nobody wrote")} before."
            );
        }

        life.Begins = isWrite ? operation : life.Begins;
        life.Ends = Math.Max(life.Ends, operation);
    }

    /// <summary>Notes that a backward pass needs a slot.</summary>
    public void Save(Slot slot) => _lives[_indices[slot]].IsSaved = true;

    /// <summary>Decides where every slot lies and allocates it.</summary>
    public void Lay(SlotLayout layout, ActivationFormat activations)
    {
        var groups = Groups(layout, activations);
        groups.Sort((left, right) => right.Bytes.CompareTo(left.Bytes));
        var buffers = new List<(NativeBuffer<byte> Buffer, List<Group> Tenants)>();
        foreach (var group in groups)
        {
            // Buffers come in falling size, so the last that is free is the tightest.
            var free = buffers.FindLast(buffer => buffer.Tenants.TrueForAll(group.IsApart));
            if (free.Buffer is null)
            {
                free = (new NativeBuffer<byte>(group.Bytes), []);
                _memory.Add(free.Buffer);
                Bytes += free.Buffer.Bytes;
                buffers.Add(free);
            }

            free.Tenants.Add(group);
            Place(group, free.Buffer.Span, activations);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.ForEach(item => item.Dispose());
        _memory.Clear();
        Bytes = 0;
    }

    private static long FloatBytes(Slot slot) =>
        (slot.Floats * sizeof(float) + ActivationRows.Alignment - 1)
        / ActivationRows.Alignment
        * ActivationRows.Alignment;

    private static long BlockBytes(Slot slot, ActivationFormat activations) =>
        slot.FeedsProducts
            ? ActivationRows.QuantisedBytes(slot.Rows.Maximum, slot.Columns, activations)
            : 0;

    // Slots that are made from one another in place lie at one address and live as one.
    private List<Group> Groups(SlotLayout layout, ActivationFormat activations)
    {
        var groupOf = new Dictionary<Slot, Group>();
        var groups = new List<Group>();
        for (var index = 0; index < _slots.Count; index++)
        {
            var (slot, life) = (_slots[index], _lives[index]);
            if (life.Begins < 0)
            {
                continue;
            }

            var ends = layout == SlotLayout.Training && life.IsSaved ? int.MaxValue : life.Ends;
            if (
                slot.Over is not { } over
                || groupOf[over] is not { } group
                || group.Ends > life.Begins
            )
            {
                group = new Group(life.Begins);
                groups.Add(group);
            }

            groupOf.Add(slot, group);
            group.Slots.Add(slot);
            group.Ends = ends;
            group.FloatBytes = Math.Max(group.FloatBytes, FloatBytes(slot));
            group.BlockBytes = Math.Max(group.BlockBytes, BlockBytes(slot, activations));
        }

        return groups;
    }

    private void Place(Group group, NativeSpan<byte> memory, ActivationFormat activations)
    {
        foreach (var slot in group.Slots)
        {
            ActivationRows? rows = null;
            if (slot.FeedsProducts)
            {
                rows = new ActivationRows(
                    slot.Rows.Maximum,
                    slot.Columns,
                    activations,
                    memory.Slice(group.FloatBytes, BlockBytes(slot, activations))
                );
                _memory.Add(rows);
            }

            slot.Place(group, memory.Slice(0, slot.Floats * sizeof(float)).Cast<float>(), rows);
        }
    }

    private sealed class Life
    {
        public int Begins = -1;
        public int Ends = -1;
        public bool IsSaved;
    }

    private sealed class Group(int begins)
    {
        public readonly int Begins = begins;
        public readonly List<Slot> Slots = [];
        public int Ends;
        public long FloatBytes;
        public long BlockBytes;

        public long Bytes => FloatBytes + BlockBytes;

        public bool IsApart(Group other) => Ends < other.Begins || other.Ends < Begins;
    }
}
