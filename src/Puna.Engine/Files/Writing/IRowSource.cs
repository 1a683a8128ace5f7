namespace Puna.Engine.Files.Writing;

/// <summary>Makes the rows of a tensor that is being written, in any order and from several threads.</summary>
public interface IRowSource
{
    /// <summary>Writes one row in the coding of the new tensor.</summary>
    /// <param name="row">Which one.</param>
    /// <param name="target">Exactly the bytes of one row.</param>
    /// <param name="scratch">Room for the elements of one row, with no content to keep.</param>
    void Fill(long row, Span<byte> target, Span<float> scratch);
}
