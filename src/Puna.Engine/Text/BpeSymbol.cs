using System.Runtime.InteropServices;

namespace Puna.Engine.Text;

/// <summary>One symbol while a word is being merged: a stretch of the word and its neighbours in a linked list.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct BpeSymbol
{
    /// <summary>First unit of the word that it covers.</summary>
    public int Start;

    /// <summary>Units that it covers; 0 once it was joined to its left neighbour.</summary>
    public int Length;

    /// <summary>Id of its piece, or -1 when no piece is spelt so.</summary>
    public int Id;

    /// <summary>Index of the left neighbour, or -1.</summary>
    public int Previous;

    /// <summary>Index of the right neighbour, or -1.</summary>
    public int Next;
}
