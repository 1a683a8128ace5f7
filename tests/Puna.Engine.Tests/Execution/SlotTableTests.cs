using Puna.Engine.Execution;
using Puna.Kernels.Activations;

namespace Puna.Engine.Tests.Execution;

public sealed class SlotTableTests
{
    [Theory]
    [InlineData(SlotLayout.Inference)]
    [InlineData(SlotLayout.Training)]
    public void Slots_that_live_at_once_never_share_memory(object layout)
    {
        var random = new Random(7);
        for (var trial = 0; trial < 40; trial++)
        {
            using var rows = new RowSet(5);
            using var slots = new SlotTable();
            var lives = Scatter(random, slots, rows);
            slots.Lay((SlotLayout)layout, ActivationFormat.Int8);
            rows.Begin(5, []);

            // Each operation writes its slot, and checks what it reads.
            for (var operation = 0; operation < lives.Count; operation++)
            {
                foreach (var life in lives.Where(life => life.Reads.Contains(operation)))
                {
                    Assert.All(
                        life.Slot.Values.Values.Span.ToArray(),
                        value => Assert.Equal(life.Begins, value)
                    );
                }

                lives[operation].Slot.Values.Values.Span.Fill(operation);
            }

            foreach (
                var life in lives.Where(life =>
                    life.IsSaved && (SlotLayout)layout == SlotLayout.Training
                )
            )
            {
                Assert.All(
                    life.Slot.Values.Values.Span.ToArray(),
                    value => Assert.Equal(life.Begins, value)
                );
            }
        }
    }

    [Fact]
    public void An_operation_works_in_place_where_its_input_is_not_read_again()
    {
        using var rows = new RowSet(4);
        using var slots = new SlotTable();
        var first = slots.Add("first", rows, 8);
        var second = slots.Add("second", rows, 8, over: first);
        new SlotUses(slots, 0).Writes(first);
        new SlotUses(slots, 1).Reads(first);
        new SlotUses(slots, 1).Saves(first);
        new SlotUses(slots, 1).Writes(second);
        new SlotUses(slots, 2).Reads(second);

        slots.Lay(SlotLayout.Inference, ActivationFormat.F32);

        Assert.True(second.Shares(first));
        Assert.Equal(4 * 8 * sizeof(float), slots.Bytes);
    }

    [Fact]
    public void What_a_backward_pass_needs_keeps_its_place_in_training()
    {
        using var rows = new RowSet(4);
        using var slots = new SlotTable();
        var first = slots.Add("first", rows, 8);
        var second = slots.Add("second", rows, 8, over: first);
        new SlotUses(slots, 0).Writes(first);
        new SlotUses(slots, 1).Reads(first);
        new SlotUses(slots, 1).Saves(first);
        new SlotUses(slots, 1).Writes(second);

        slots.Lay(SlotLayout.Training, ActivationFormat.F32);

        Assert.False(second.Shares(first));
        Assert.Equal(2 * 4 * 8 * sizeof(float), slots.Bytes);
    }

    [Fact]
    public void A_slot_is_written_once_and_before_it_is_read()
    {
        using var rows = new RowSet(1);
        using var slots = new SlotTable();
        var slot = slots.Add("slot", rows, 1);
        Assert.Throws<InvalidOperationException>(() => new SlotUses(slots, 0).Reads(slot));
        new SlotUses(slots, 0).Writes(slot);
        Assert.Throws<InvalidOperationException>(() => new SlotUses(slots, 1).Writes(slot));
    }

    private static List<Life> Scatter(Random random, SlotTable slots, RowSet rows)
    {
        var lives = new List<Life>();
        var count = random.Next(1, 30);
        for (var operation = 0; operation < count; operation++)
        {
            var uses = new SlotUses(slots, operation);
            Life? over = null;
            foreach (var life in lives.Where(_ => random.Next(4) == 0).ToList())
            {
                uses.Reads(life.Slot);
                life.Reads.Add(operation);
                over = random.Next(3) == 0 ? life : over;
                if (random.Next(4) == 0)
                {
                    uses.Saves(life.Slot);
                    life.IsSaved = true;
                }
            }

            var slot = slots.Add(
                $"{operation}",
                rows,
                random.Next(1, 70),
                random.Next(2) == 0,
                over?.Slot
            );
            uses.Writes(slot);
            lives.Add(new Life(slot, operation));
        }

        return lives;
    }

    private sealed class Life(Slot slot, int begins)
    {
        public Slot Slot => slot;

        public int Begins => begins;

        public HashSet<int> Reads { get; } = [];

        public bool IsSaved { get; set; }
    }
}
