namespace Puna.Engine.Execution;

/// <summary>What one operation does with slots: collected once, when the list of operations is compiled.</summary>
internal readonly ref struct SlotUses(SlotTable table, int operation)
{
    /// <summary>The operation reads the slot in its forward pass.</summary>
    public void Reads(Slot slot) => table.Use(slot, operation, isWrite: false);

    /// <summary>The operation computes the slot; nobody else does.</summary>
    public void Writes(Slot slot) => table.Use(slot, operation, isWrite: true);

    /// <summary>
    /// The backward pass of the operation needs the values of the slot: in the layout for training nobody takes over
    /// its memory.
    /// </summary>
    public void Saves(Slot slot) => table.Save(slot);
}
