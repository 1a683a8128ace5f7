namespace Puna.Engine.Model;

/// <summary>How far loading has come.</summary>
/// <param name="DoneBytes">Bytes of the file repacked so far.</param>
/// <param name="TotalBytes">Bytes to repack in all.</param>
public readonly record struct LoadProgress(long DoneBytes, long TotalBytes);
