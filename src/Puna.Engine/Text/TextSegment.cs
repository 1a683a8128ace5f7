using System.Runtime.InteropServices;

namespace Puna.Engine.Text;

/// <summary>A stretch of a text: either plain text or one token that was spelt out.</summary>
/// <param name="Start">First UTF-16 unit.</param>
/// <param name="Length">Number of UTF-16 units.</param>
/// <param name="Id">Id of the token, or -1 for plain text.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TextSegment(int Start, int Length, int Id)
{
    /// <summary>True when it is plain text.</summary>
    public bool IsText => Id < 0;
}
